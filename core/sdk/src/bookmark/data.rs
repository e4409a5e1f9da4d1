//! Bookmark data: a header, items that are found by their offset, and tables that say what each item is.

use super::{Bookmark, Error, MAX_TEXT, joined};
use assay_model::Text;
use std::collections::{BTreeMap, BTreeSet};

const CUT_OFF: Error = Error("cut off");
/// Tables of one bookmark; those of real ones have two at most.
const MAX_TABLES: usize = 16;
/// Items that one table names; those of real ones have about thirty.
const MAX_ITEMS: usize = 4096;
/// Names of one path; each takes a byte and a slash at least.
const MAX_NAMES: usize = MAX_TEXT / 2;
/// A relative URL has a base, which may be relative again.
const MAX_BASES: usize = 8;

const STRING: u32 = 0x101;
const URL: u32 = 0x901;
const RELATIVE_URL: u32 = 0x902;
const ARRAY: u32 = 0x601;
const TRUE: u32 = 0x501;
const FALSE: u32 = 0x500;

mod tag {
    pub(super) const PATH: u32 = 0x1004;
    pub(super) const VOLUME_PATH: u32 = 0x2002;
    pub(super) const VOLUME_URL: u32 = 0x2005;
    pub(super) const VOLUME_NAME: u32 = 0x2010;
    pub(super) const VOLUME_UUID: u32 = 0x2011;
    pub(super) const ON_ROOT_VOLUME: u32 = 0x2030;
    pub(super) const DISK_IMAGE: u32 = 0x2040;
    pub(super) const CREATOR: u32 = 0xc011;
    pub(super) const DISPLAY_NAME: u32 = 0xf017;
}

pub(super) fn parse(bytes: &[u8]) -> Result<Bookmark, Error> {
    let begin = number(bytes, 12).ok_or(CUT_OFF)?;
    let data = Data(bytes.get(begin..).ok_or(CUT_OFF)?);
    let tables = data.tables()?;
    let (_, first) = tables.first().ok_or(Error("it has no table"))?;
    let text = |tag| data.text(*first.get(&tag)?);
    let image = first.get(&tag::DISK_IMAGE).and_then(|item| data.number(*item));
    let image = image.and_then(|id| tables.iter().find(|(found, _)| *found == id));
    Ok(Bookmark {
        path: first.get(&tag::PATH).and_then(|item| data.path(*item)),
        volume: text(tag::VOLUME_PATH),
        volume_url: first.get(&tag::VOLUME_URL).and_then(|item| data.url(*item)),
        volume_name: text(tag::VOLUME_NAME),
        volume_uuid: text(tag::VOLUME_UUID),
        on_root_volume: first
            .get(&tag::ON_ROOT_VOLUME)
            .and_then(|item| data.boolean(*item)),
        disk_image: image.and_then(|(_, table)| data.path(*table.get(&tag::PATH)?)),
        display_name: text(tag::DISPLAY_NAME),
        creator: text(tag::CREATOR),
    })
}

/// What each tag names, as the offset of an item.
type Table = BTreeMap<u32, usize>;

/// Everything behind the header; offsets count from here.
struct Data<'a>(&'a [u8]);

impl<'a> Data<'a> {
    /// The tables by their number, in the order of their chain.
    fn tables(&self) -> Result<Vec<(u32, Table)>, Error> {
        let mut tables = Vec::new();
        let mut visited = BTreeSet::new();
        let mut at = number(self.0, 0).ok_or(CUT_OFF)?;
        while at != 0 && visited.insert(at) && tables.len() < MAX_TABLES {
            let words: Vec<u32> = (0..5)
                .map_while(|word| le(self.0, at.checked_add(word * 4)?))
                .collect();
            let [_, 0xffff_fffe, id, next, count] = words[..] else {
                return Err(Error("a table is broken"));
            };
            let items = (0..count as usize).take(MAX_ITEMS).map_while(|item| {
                let entry = at + 20 + item * 12;
                Some((le(self.0, entry)?, number(self.0, entry + 4)?))
            });
            tables.push((id, items.collect()));
            at = next as usize;
        }
        Ok(tables)
    }

    /// Type and bytes of an item.
    fn item(&self, at: usize) -> Option<(u32, &'a [u8])> {
        let length = number(self.0, at)?;
        let begin = at.checked_add(8)?;
        let bytes = self.0.get(begin..begin.checked_add(length)?)?;
        Some((le(self.0, at + 4)?, bytes))
    }

    fn string(&self, at: usize, wanted: u32) -> Option<&'a [u8]> {
        let (kind, bytes) = self.item(at)?;
        (kind == wanted && bytes.len() <= MAX_TEXT).then_some(bytes)
    }
    fn text(&self, at: usize) -> Option<Text> {
        self.string(at, STRING).map(Into::into)
    }

    fn boolean(&self, at: usize) -> Option<bool> {
        match self.item(at)?.0 {
            TRUE => Some(true),
            FALSE => Some(false),
            _ => None,
        }
    }

    /// A number of at least four bytes: 0x303 has four, 0x304 eight.
    fn number(&self, at: usize) -> Option<u32> {
        let (kind, bytes) = self.item(at)?;
        matches!(kind, 0x303 | 0x304).then(|| le(bytes, 0))?
    }

    fn path(&self, at: usize) -> Option<Text> {
        let (kind, offsets) = self.item(at)?;
        if kind != ARRAY || offsets.len() / 4 > MAX_NAMES {
            return None;
        }
        let offsets = (0..offsets.len() / 4).filter_map(|item| number(offsets, item * 4));
        // One name that cannot be read makes another path of the rest.
        let names: Option<Vec<&[u8]>> = offsets.map(|offset| self.string(offset, STRING)).collect();
        joined(names?.into_iter())
    }

    fn url(&self, mut at: usize) -> Option<Text> {
        let mut ends: Vec<&[u8]> = Vec::new();
        for _ in 0..MAX_BASES {
            let (kind, bytes) = self.item(at)?;
            match kind {
                URL if bytes.len() <= MAX_TEXT => {
                    ends.push(bytes);
                    ends.reverse();
                    return Some(ends.concat().into());
                }
                RELATIVE_URL => {
                    ends.push(self.string(number(bytes, 4)?, STRING)?);
                    at = number(bytes, 0)?;
                }
                _ => return None,
            }
        }
        None
    }
}

/// Four bytes, the lowest first.
fn le(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

/// The same, as an offset or a length.
fn number(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(le(bytes, at)?).ok()
}
