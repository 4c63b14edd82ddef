//! A table of items of which few are needed: each is found by its number and decoded on its own.
//!
//! ```text
//! count  end of each item behind the last end  items
//! ```
//!
//! Numbers are four bytes, lowest first. A table knows where it lies in the bytes that hold it; these come with every
//! look.

use std::marker::PhantomData;

use super::wire::{DecodeError, Reader, Wire};

const NUMBER: usize = size_of::<u32>();

/// Where a table lies, and what is in it.
#[derive(Debug)]
pub struct Table<T> {
    start: usize,
    count: usize,
    items: PhantomData<T>,
}

/// Appends a table of these items.
///
/// # Panics
/// When the table is larger than four gigabytes.
pub fn write<T: Wire>(items: impl IntoIterator<Item = T>, out: &mut Vec<u8>) {
    let (mut ends, mut bytes) = (Vec::new(), Vec::new());
    for item in items {
        item.write(&mut bytes);
        ends.push(number(bytes.len()));
    }
    out.extend(number(ends.len()));
    out.extend(ends.concat());
    out.extend(bytes);
}

fn number(number: usize) -> [u8; NUMBER] {
    u32::try_from(number).expect("tables are smaller than four gigabytes").to_le_bytes()
}

impl<T: Wire> Table<T> {
    /// The table at `start` of `bytes`, and where it ends.
    ///
    /// # Errors
    /// When the bytes end too early.
    pub fn open(bytes: &[u8], start: usize) -> Result<(Table<T>, usize), DecodeError> {
        let count = read_number(bytes, start)?;
        let table = Table { start, count, items: PhantomData };
        let end = table.end(bytes, count)?;
        if end > bytes.len() { Err(DecodeError::Truncated) } else { Ok((table, end)) }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The item with this number.
    ///
    /// # Errors
    /// When there is none, or its bytes are not what `write` wrote.
    pub fn get(&self, bytes: &[u8], index: usize) -> Result<T, DecodeError> {
        T::read(&mut Reader::new(self.bytes_of(bytes, index)?))
    }

    /// The bytes of the item with this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn bytes_of<'b>(&self, bytes: &'b [u8], index: usize) -> Result<&'b [u8], DecodeError> {
        if index >= self.count {
            return Err(DecodeError::Truncated);
        }
        bytes.get(self.end(bytes, index)?..self.end(bytes, index + 1)?).ok_or(DecodeError::Truncated)
    }

    /// Where the first `count` items end.
    fn end(&self, bytes: &[u8], count: usize) -> Result<usize, DecodeError> {
        let items = self.count.checked_mul(NUMBER).and_then(|ends| ends.checked_add(self.start + NUMBER));
        let items = items.ok_or(DecodeError::Truncated)?;
        match count.checked_sub(1) {
            Some(last) => Ok(items + read_number(bytes, self.start + NUMBER + last * NUMBER)?),
            None => Ok(items),
        }
    }
}

fn read_number(bytes: &[u8], at: usize) -> Result<usize, DecodeError> {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk()).ok_or(DecodeError::Truncated)?;
    Ok(u32::from_le_bytes(*bytes) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<u8> {
        let mut bytes = b"before".to_vec();
        write(texts.iter().map(|text| (*text).to_owned()), &mut bytes);
        bytes
    }

    #[test]
    fn items_are_found_by_number() {
        let bytes = texts(&["a", "", "long text"]);
        let (table, end) = Table::<String>::open(&bytes, 6).expect("a table");
        assert_eq!((table.len(), end), (3, bytes.len()));
        assert_eq!([0, 1, 2].map(|index| table.get(&bytes, index).expect("an item")), ["a", "", "long text"]);
        assert_eq!(table.get(&bytes, 3), Err(DecodeError::Truncated));
        assert!(Table::<String>::open(&texts(&[]), 6).expect("a table").0.is_empty());
    }

    #[test]
    fn tables_that_are_cut_off_are_errors() {
        let bytes = texts(&["a", "b"]);
        for length in 0..bytes.len() {
            assert!(Table::<String>::open(&bytes[..length], 6).is_err(), "{length} bytes");
        }
    }
}
