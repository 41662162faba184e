//! Where each part of a JSON text stands, by line and column: Meta's validation errors say so.

use std::collections::BTreeMap;

/// From the first to the last character, both counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) line_start: u32,
    pub(super) line_end: u32,
    pub(super) column_start: u32,
    pub(super) column_end: u32,
}

/// The places of all keys and values of a text, by JSON pointer.
#[derive(Debug, Default)]
pub(super) struct Spans {
    keys: BTreeMap<String, Span>,
    values: BTreeMap<String, Span>,
}

impl Spans {
    /// Reads a text that is known to be valid JSON; of any other it finds what it can.
    pub(super) fn of(text: &str) -> Self {
        let mut scan = Scan { rest: text.chars().peekable(), line: 1, column: 1, found: Self::default() };
        scan.value(&mut String::new());
        scan.found
    }

    /// The place of a member's name; where there is none, that of the value.
    pub(super) fn key(&self, pointer: &str) -> Span {
        self.keys.get(pointer).copied().unwrap_or_else(|| self.value(pointer))
    }

    /// The place of a value, or of the nearest value around it.
    pub(super) fn value(&self, pointer: &str) -> Span {
        let mut pointer = pointer;
        loop {
            if let Some(span) = self.values.get(pointer) {
                return *span;
            }
            match pointer.rsplit_once('/') {
                Some((around, _)) => pointer = around,
                None => return Span::default(),
            }
        }
    }
}

struct Scan<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: u32,
    column: u32,
    found: Spans,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn skip(&mut self, also: char) {
        while self.rest.peek().is_some_and(|c| c.is_whitespace() || *c == also) {
            self.next();
        }
    }

    fn from(&self, (line_start, column_start): (u32, u32)) -> Span {
        let column_end = self.column.saturating_sub(1).max(1);
        Span { line_start, line_end: self.line, column_start, column_end }
    }

    /// The text of a string whose quote comes next. Escapes are kept: only plain keys are looked up.
    fn string(&mut self) -> String {
        let mut text = String::new();
        self.next();
        while let Some(c) = self.next() {
            match c {
                '"' => break,
                '\\' => {
                    text.push(c);
                    text.extend(self.next());
                }
                c => text.push(c),
            }
        }
        text
    }

    fn value(&mut self, pointer: &mut String) {
        self.skip(' ');
        let start = (self.line, self.column);
        match self.rest.peek() {
            Some('{') => self.members(pointer),
            Some('[') => self.items(pointer),
            Some('"') => drop(self.string()),
            _ => {
                while self.rest.peek().is_some_and(|c| !matches!(c, ',' | '}' | ']') && !c.is_whitespace()) {
                    self.next();
                }
            }
        }
        let span = self.from(start);
        self.found.values.insert(pointer.clone(), span);
    }

    fn members(&mut self, pointer: &mut String) {
        self.next();
        loop {
            self.skip(',');
            if self.rest.peek() != Some(&'"') {
                self.next();
                return;
            }
            let start = (self.line, self.column);
            let key = self.string();
            let span = self.from(start);
            let before = pointer.len();
            pointer.push('/');
            pointer.push_str(&key);
            self.found.keys.insert(pointer.clone(), span);
            self.skip(':');
            self.value(pointer);
            pointer.truncate(before);
        }
    }

    fn items(&mut self, pointer: &mut String) {
        self.next();
        for i in 0_u32.. {
            self.skip(',');
            if matches!(self.rest.peek(), Some(']') | None) {
                self.next();
                return;
            }
            let (before, at) = (pointer.len(), (self.line, self.column));
            pointer.push('/');
            pointer.push_str(&i.to_string());
            self.value(pointer);
            pointer.truncate(before);
            // No JSON: go on behind it all the same.
            if (self.line, self.column) == at {
                self.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_and_values_are_found_by_line_and_column() {
        let spans = Spans::of("{\n  \"a\": [1, {\"b\": \"x\"}],\n  \"c\": 2\n}");
        assert_eq!(
            spans.key("/a/1/b"),
            Span { line_start: 2, line_end: 2, column_start: 13, column_end: 15 }
        );
        assert_eq!(spans.value("/c"), Span { line_start: 3, line_end: 3, column_start: 8, column_end: 8 });
        assert_eq!(spans.value("/c/none"), spans.value("/c"));
    }

    proptest! {
        #[test]
        fn no_text_stops_it(text in "[\\[\\]{}\",:a1 \\\\\n]{0,60}") {
            Spans::of(&text);
        }
    }
}
