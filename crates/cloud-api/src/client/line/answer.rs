//! An answer of HTTP/1.1 out of the bytes that have come so far (RFC 9112). No I/O.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use httparse::Status;

use super::super::call::{Answer, MAX_ANSWER_BYTES};

/// Meta sends about twenty.
const HEADERS_MAX: usize = 100;
/// The longest head, and the longest line of a chunk.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// More is not kept, of whatever it consists: lines of chunks, answers before the answer.
const BYTES_MAX: usize = 2 * MAX_ANSWER_BYTES;

/// Why bytes are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// They do not begin like one.
    Head,
    /// The head says what cannot be, or the body is not what it says, or too long.
    Answer { http_status: u16 },
    /// They end before it does.
    CutShort,
}

/// An answer on its way.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    head: Option<Head>,
    body: Vec<u8>,
    /// Bytes that are read.
    at: usize,
    whole: bool,
}

#[derive(Debug)]
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    length: Length,
    /// Whether the other side keeps the connection.
    keeps: bool,
}

/// How the end of a body is known (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Known(usize),
    Chunked,
    UntilClosed,
}

impl Incoming {
    /// Reads on in `bytes`, all that came on this connection since the request; whether the answer is whole.
    pub(super) fn is_whole(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        if bytes.len() > BYTES_MAX {
            let head = self.head.as_ref();
            return Err(
                head.map_or(Malformed::Head, |head| Malformed::Answer { http_status: head.status.as_u16() })
            );
        }
        while self.head.is_none() {
            let Some(head) = self.read_head(bytes)? else { return Ok(false) };
            // 100 and 103 come before the answer; nobody asked for another protocol.
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(Malformed::Answer { http_status: head.status.as_u16() });
            }
            if !head.status.is_informational() {
                self.head = Some(head);
            }
        }
        let (length, http_status) = match &self.head {
            Some(head) => (head.length, head.status.as_u16()),
            None => return Ok(false),
        };
        let rest = bytes.get(self.at..).unwrap_or_default();
        match length {
            _ if self.whole => {}
            Length::Known(n) if n > MAX_ANSWER_BYTES => return Err(Malformed::Answer { http_status }),
            Length::Known(n) => {
                if let Some(body) = rest.get(..n) {
                    self.body = body.to_vec();
                    self.at += n;
                    self.whole = true;
                }
            }
            Length::Chunked => while !self.whole && self.read_chunk(bytes, http_status)? {},
            Length::UntilClosed if rest.len() > MAX_ANSWER_BYTES => {
                return Err(Malformed::Answer { http_status });
            }
            Length::UntilClosed => {}
        }
        Ok(self.whole)
    }

    /// No more bytes will come.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        match &self.head {
            Some(Head { length: Length::UntilClosed, .. }) => {
                self.body = bytes.get(self.at..).unwrap_or_default().to_vec();
                self.at = bytes.len();
                self.whole = true;
                Ok(())
            }
            _ => Err(Malformed::CutShort),
        }
    }

    /// Whether another request may follow on the connection: nothing came behind the answer.
    pub(super) fn may_go_on(&self, bytes: &[u8]) -> bool {
        self.whole && self.at == bytes.len() && self.head.as_ref().is_some_and(|head| head.keeps)
    }

    /// The answer, when it is whole.
    pub(super) fn into_answer(self) -> Result<Answer, Malformed> {
        let head = self.head.filter(|_| self.whole).ok_or(Malformed::CutShort)?;
        Ok(Answer { status: head.status, headers: head.headers, body: Bytes::from(self.body) })
    }

    fn read_head(&mut self, bytes: &[u8]) -> Result<Option<Head>, Malformed> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let rest = bytes.get(self.at..).unwrap_or_default();
        match response.parse(rest) {
            Ok(Status::Complete(n)) => self.at += n,
            Ok(Status::Partial) if rest.len() <= HEAD_BYTES_MAX => return Ok(None),
            Ok(Status::Partial) | Err(_) => return Err(Malformed::Head),
        }
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or(Malformed::Head)?;
        let mut headers = HeaderMap::with_capacity(response.headers.len());
        for header in response.headers.iter() {
            let name = HeaderName::from_bytes(header.name.as_bytes()).map_err(|_| Malformed::Head)?;
            headers.append(name, HeaderValue::from_bytes(header.value).map_err(|_| Malformed::Head)?);
        }
        let is_11 = response.version == Some(1);
        let length = length(status, &headers).ok_or(Malformed::Answer { http_status: status.as_u16() })?;
        let keeps =
            is_11 && length != Length::UntilClosed && !has_token(&headers, header::CONNECTION, "close");
        Ok(Some(Head { status, headers, length, keeps }))
    }

    /// Reads one chunk, or the end of them; whether there was a whole one.
    fn read_chunk(&mut self, bytes: &[u8], http_status: u16) -> Result<bool, Malformed> {
        let malformed = Malformed::Answer { http_status };
        let rest = bytes.get(self.at..).unwrap_or_default();
        let partial = || if rest.len() > HEAD_BYTES_MAX { Err(malformed) } else { Ok(false) };
        let Status::Complete((line, size)) = httparse::parse_chunk_size(rest).map_err(|_| malformed)? else {
            return partial();
        };
        let after = rest.get(line..).unwrap_or_default();
        if size == 0 {
            let mut trailers = [httparse::EMPTY_HEADER; HEADERS_MAX];
            return match httparse::parse_headers(after, &mut trailers).map_err(|_| malformed)? {
                Status::Complete((n, _)) => {
                    self.at += line + n;
                    self.whole = true;
                    Ok(true)
                }
                Status::Partial => partial(),
            };
        }
        let size =
            usize::try_from(size).ok().filter(|n| self.body.len().saturating_add(*n) <= MAX_ANSWER_BYTES);
        let size = size.ok_or(malformed)?;
        let (Some(data), Some(end)) = (after.get(..size), after.get(size..size + 2)) else {
            return Ok(false);
        };
        if end != b"\r\n" {
            return Err(malformed);
        }
        self.body.extend_from_slice(data);
        self.at += line + size + 2;
        Ok(true)
    }
}

/// How long the body is; nothing when the head contradicts itself.
fn length(status: StatusCode, headers: &HeaderMap) -> Option<Length> {
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) || status.is_informational() {
        return Some(Length::Known(0));
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let length = match lengths.next() {
        Some(first) if lengths.all(|other| other == first) => {
            // Digits alone: `parse` would take a sign.
            let digits = first.to_str().ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
            Some(digits.parse::<usize>().ok()?)
        }
        Some(_) => return None,
        None => None,
    };
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next(), length) {
        (None, _, Some(n)) => Some(Length::Known(n)),
        (None, _, None) => Some(Length::UntilClosed),
        // Beside a length it would be an attempt to have two readers see two answers.
        (Some(coding), None, None) if coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => {
            Some(Length::Chunked)
        }
        _ => None,
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Outcome = Result<(u16, Vec<u8>), Malformed>;

    /// What is read when the bytes come up to each of these places in turn, and then no more.
    fn read(bytes: &[u8], places: impl Iterator<Item = usize>) -> Outcome {
        let mut incoming = Incoming::default();
        for end in places.chain([bytes.len()]) {
            if incoming.is_whole(bytes.get(..end).unwrap_or(bytes))? {
                break;
            }
        }
        if !incoming.whole {
            incoming.end(bytes)?;
        }
        let answer = incoming.into_answer()?;
        Ok((answer.status.as_u16(), answer.body.to_vec()))
    }

    /// Pieces of which answers are made, in any order, and some that do not belong there.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just(b"HTTP/1.1 200 OK\r\n".to_vec()),
            Just(b"HTTP/1.0 500 X\r\n".to_vec()),
            Just(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec()),
            Just(b"content-length: 3\r\n".to_vec()),
            Just(b"transfer-encoding: chunked\r\n".to_vec()),
            Just(b"connection: close\r\n".to_vec()),
            Just(b"\r\n".to_vec()),
            Just(b"3\r\nabc\r\n".to_vec()),
            Just(b"0\r\n\r\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..8),
        ];
        let rest = proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
        rest.prop_map(|rest| [b"HTTP/1.1 200 OK\r\n".to_vec(), rest].concat())
    }

    proptest! {
        #[test]
        fn it_does_not_matter_in_which_pieces_an_answer_comes(bytes in bytes(), mut places in proptest::collection::vec(0..200usize, 0..6)) {
            places.sort_unstable();
            let at_once = read(&bytes, std::iter::empty());
            prop_assert_eq!(&read(&bytes, places.into_iter().filter(|at| *at < bytes.len())), &at_once);
            prop_assert_eq!(read(&bytes, 0..bytes.len()), at_once);
        }
    }

    #[test]
    fn what_never_ends_is_not_kept_in_memory() {
        let before_the_answer = b"HTTP/1.1 100 Continue\r\n\r\n";
        let many = before_the_answer.repeat(BYTES_MAX / before_the_answer.len() + 1);
        assert_eq!(Incoming::default().is_whole(&many), Err(Malformed::Head));
        assert_eq!(Incoming::default().is_whole(&many[..1_000]), Ok(false));
    }

    #[test]
    fn a_connection_goes_on_only_behind_a_whole_answer_that_keeps_it() {
        for (bytes, goes_on) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", true),
            ("HTTP/1.1 204 No Content\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}H", false),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{", false),
            ("HTTP/1.1 200 OK\r\nconnection: x, Close\r\ncontent-length: 2\r\n\r\n{}", false),
            ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n{}", false),
            ("HTTP/1.1 200 OK\r\n\r\n{}", false),
        ] {
            let mut incoming = Incoming::default();
            let is_whole = incoming.is_whole(bytes.as_bytes()).unwrap();
            assert_eq!(is_whole && incoming.may_go_on(bytes.as_bytes()), goes_on, "{bytes}");
        }
    }
}
