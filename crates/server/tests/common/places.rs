//! A small database of addresses, written by the book: MaxMind DB file format specification 2.0.

/// A value of the format.
enum Value {
    Text(&'static str),
    /// Of two, four or eight bytes: 5, 6, 9.
    Number(u8, u64),
    Map(Vec<(&'static str, Value)>),
    List(Vec<Value>),
}

/// Its type and length, then itself.
fn write(value: &Value, out: &mut Vec<u8>) {
    let head = |kind: u8, len: usize, out: &mut Vec<u8>| {
        let len = u8::try_from(len).unwrap();
        assert!(len < 29, "longer ones are written otherwise");
        if kind < 8 { out.push(kind << 5 | len) } else { out.extend([len, kind - 7]) }
    };
    match value {
        Value::Text(text) => {
            head(2, text.len(), out);
            out.extend(text.bytes());
        }
        Value::Number(kind, number) => {
            let bytes = number.to_be_bytes();
            let bytes = &bytes[usize::try_from(number.leading_zeros() / 8).unwrap()..];
            head(*kind, bytes.len(), out);
            out.extend(bytes);
        }
        Value::Map(entries) => {
            head(7, entries.len(), out);
            for (key, value) in entries {
                write(&Value::Text(key), out);
                write(value, out);
            }
        }
        Value::List(values) => {
            head(11, values.len(), out);
            values.iter().for_each(|value| write(value, out));
        }
    }
}

/// A file that knows one network of IPv4, 192.0.2.0/24: Kandy in Sri Lanka.
pub(crate) fn file() -> Vec<u8> {
    let names = |name| Value::Map(vec![("names", Value::Map(vec![("en", Value::Text(name))]))]);
    let country = Value::Map(vec![("iso_code", Value::Text("LK"))]);
    let mut data = Vec::new();
    write(&Value::Map(vec![("city", names("Kandy")), ("country", country)]), &mut data);
    // A node a bit of the network: one way on, the other to nothing; the last way on is the data.
    let network = u32::from_be_bytes([192, 0, 2, 0]);
    let nodes = 24_u32;
    let mut out = Vec::new();
    for node in 0..nodes {
        let on = if node + 1 < nodes { node + 1 } else { nodes + 16 };
        let is_one = network >> (31 - node) & 1 == 1;
        for record in if is_one { [nodes, on] } else { [on, nodes] } {
            out.extend(&record.to_be_bytes()[1..]);
        }
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = Value::Map(vec![
        ("binary_format_major_version", Value::Number(5, 2)),
        ("binary_format_minor_version", Value::Number(5, 0)),
        ("build_epoch", Value::Number(9, 1_790_000_000)),
        ("database_type", Value::Text("Test-City")),
        ("description", Value::Map(vec![("en", Value::Text("one network"))])),
        ("ip_version", Value::Number(5, 4)),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("node_count", Value::Number(6, u64::from(nodes))),
        ("record_size", Value::Number(5, 24)),
    ]);
    write(&metadata, &mut out);
    out
}
