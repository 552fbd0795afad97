//! smithy-rpc-v2-cbor, which CloudWatch speaks. The frame is the SDK's own codec; this file only walks the tree.
//! Doubles stay doubles (a client refuses an integer there) and times carry tag 1.

use aws_smithy_cbor::data::Type;
use aws_smithy_cbor::decode::DeserializeError;
use aws_smithy_cbor::{Decoder, Encoder};
use aws_smithy_types::DateTime;

use super::{MAX_DEPTH, Value};

/// Parses a request body; an empty body is an empty structure.
pub(super) fn decode(body: &[u8]) -> Result<Value, String> {
    if body.is_empty() {
        return Ok(Value::EMPTY);
    }
    match read(&mut Decoder::new(body), 0).map_err(|error| error.to_string())? {
        members @ Value::Map(_) => Ok(members),
        _ => Err("the request body is not a CBOR map".to_owned()),
    }
}

/// Renders a response body.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    write(&mut encoder, value);
    encoder.into_writer()
}

fn read(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    if depth > MAX_DEPTH {
        return Err(DeserializeError::custom("nested too deep", decoder.position()));
    }
    match decoder.datatype()? {
        Type::Null => decoder.null().map(|()| Value::Null),
        Type::Bool => decoder.boolean().map(Value::Bool),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            decoder.long().map(Value::Int)
        }
        Type::F16 | Type::F32 | Type::F64 => decoder.double().map(Value::Float),
        Type::String | Type::StringIndef => decoder.string().map(Value::from),
        Type::Tag => decoder.timestamp().map(|at| Value::Time(at.to_millis().unwrap_or_default())),
        Type::Array | Type::ArrayIndef => read_list(decoder, depth),
        Type::Map | Type::MapIndef => read_map(decoder, depth),
        _ => decoder.skip().map(|()| Value::Null),
    }
}

fn read_list(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    let length = decoder.list()?;
    let mut items = Vec::new();
    while more(decoder, length, items.len())? {
        items.push(read(decoder, depth + 1)?);
    }
    Ok(Value::List { item: "member", items })
}

fn read_map(decoder: &mut Decoder<'_>, depth: usize) -> Result<Value, DeserializeError> {
    let length = decoder.map()?;
    let mut members = Vec::new();
    while more(decoder, length, members.len())? {
        let name = decoder.string()?;
        members.push((name.into(), read(decoder, depth + 1)?));
    }
    Ok(Value::Map(members))
}

/// Whether another entry follows: by count, or until the break mark (which is consumed) in the indefinite form.
fn more(decoder: &mut Decoder<'_>, length: Option<u64>, seen: usize) -> Result<bool, DeserializeError> {
    match length {
        Some(length) => Ok((seen as u64) < length),
        None if decoder.datatype()? == Type::Break => decoder.skip().map(|()| false),
        None => Ok(true),
    }
}

fn write(encoder: &mut Encoder, value: &Value) {
    match value {
        Value::Null => {
            encoder.null();
        }
        Value::Bool(flag) => {
            encoder.boolean(*flag);
        }
        Value::Int(number) => {
            encoder.long(*number);
        }
        Value::Float(number) => {
            encoder.double(*number);
        }
        Value::Str(text) => {
            encoder.str(text);
        }
        Value::Time(epoch_ms) => {
            encoder.timestamp(&DateTime::from_millis(*epoch_ms));
        }
        Value::List { items, .. } | Value::Flat(items) => {
            encoder.array(items.len());
            for item in items {
                write(encoder, item);
            }
        }
        Value::Map(members) => {
            let present = || members.iter().filter(|(_, value)| *value != Value::Null);
            encoder.map(present().count());
            for (name, value) in present() {
                encoder.str(name);
                write(encoder, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::object;
    use super::*;

    #[test]
    fn trees_survive_the_round_trip() {
        for value in [
            Value::EMPTY,
            object! { "Id" => "m1", "Values" => Value::members([1.0, 2.5]), "n" => -7, "yes" => true },
            object! { "Timestamps" => Value::members([Value::Time(1_790_000_060_000), Value::Time(1_790_000_000_000)]) },
            object! { "deep" => object! { "er" => object! { "x" => "y" } } },
        ] {
            assert_eq!(decode(&encode(&value)).unwrap(), value);
        }
    }

    #[test]
    fn whole_doubles_stay_doubles() {
        assert_eq!(encode(&object! { "v" => 3.0 })[3], 0xfb);
        assert_eq!(encode(&Value::EMPTY), [0xa0]);
    }

    #[test]
    fn indefinite_forms_and_rubbish() {
        let body = [0xbf, 0x61, b'a', 0x9f, 0x01, 0x02, 0xff, 0xff];
        assert_eq!(decode(&body).unwrap(), object! { "a" => Value::members([1, 2]) });
        for rubbish in [&[0xbf][..], &[0x9f, 0xff], &[0xff], &[0xa1, 0x61], &[0xa1, 0x01, 0x02]] {
            assert!(decode(rubbish).is_err(), "{rubbish:?}");
        }
        assert!(decode(&[0x81; 5000]).is_err());
    }
}
