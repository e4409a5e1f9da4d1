//! Bookmarks for tests of what reads them.

/// Writes the bookmark of a file, or its alias record, as macOS would.
///
/// ```
/// use assay_sdk::{bookmark, testkit::BookmarkData};
/// let bytes = BookmarkData::new("/opt/x").volume("/", "Disk").bytes();
/// assert_eq!(bookmark::parse(&bytes).unwrap().on_root_volume, Some(true));
/// ```
#[derive(Clone, Debug)]
pub struct BookmarkData {
    path: String,
    volume: Option<(String, String)>,
    disk_image: Option<String>,
    display_name: Option<String>,
    creator: Option<String>,
}

impl BookmarkData {
    /// A bookmark that knows nothing but an absolute path.
    #[must_use]
    pub fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            volume: None,
            disk_image: None,
            display_name: None,
            creator: None,
        }
    }
    /// The mount point and the name of the volume that holds the file.
    #[must_use]
    pub fn volume(mut self, path: &str, name: &str) -> Self {
        self.volume = Some((path.to_owned(), name.to_owned()));
        self
    }
    /// The disk image that holds the volume.
    ///
    /// ```
    /// # use assay_sdk::{bookmark, testkit::BookmarkData};
    /// let file = BookmarkData::new("/Volumes/K/x").volume("/Volumes/K", "K").disk_image("/tmp/k.dmg");
    /// for bytes in [file.bytes(), file.alias_record()] {
    ///     assert_eq!(bookmark::parse(&bytes).unwrap().disk_image.unwrap(), "/tmp/k.dmg");
    /// }
    /// ```
    #[must_use]
    pub fn disk_image(mut self, path: &str) -> Self {
        self.disk_image = Some(path.to_owned());
        self
    }
    /// What people see as the file's name.
    ///
    /// ```
    /// # use assay_sdk::{bookmark, testkit::BookmarkData};
    /// let bytes = BookmarkData::new("/opt/x").display_name("X").bytes();
    /// assert_eq!(bookmark::parse(&bytes).unwrap().display_name.unwrap(), "X");
    /// ```
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        self.display_name = Some(name.to_owned());
        self
    }
    /// The account that made the bookmark.
    ///
    /// ```
    /// # use assay_sdk::{bookmark, testkit::BookmarkData};
    /// let bytes = BookmarkData::new("/opt/x").creator("ana").bytes();
    /// assert_eq!(bookmark::parse(&bytes).unwrap().creator.unwrap(), "ana");
    /// ```
    #[must_use]
    pub fn creator(mut self, account: &str) -> Self {
        self.creator = Some(account.to_owned());
        self
    }

    /// Bookmark data of today's form.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut items = Items(vec![0; 4]);
        let mut table = vec![(0x1004, items.path(&self.path))];
        if let Some((volume, name)) = &self.volume {
            let root = volume == "/";
            let url = format!("file://{volume}{}", if root { "" } else { "/" });
            table.push((0x2002, items.add(0x101, volume.as_bytes())));
            table.push((0x2005, items.add(0x901, url.as_bytes())));
            table.push((0x2010, items.add(0x101, name.as_bytes())));
            table.push((0x2030, items.add(0x500 + u32::from(root), b"")));
        }
        if self.disk_image.is_some() {
            table.push((0x2040, items.add(0x303, &2_u32.to_le_bytes())));
        }
        for (tag, text) in [(0xc011, &self.creator), (0xf017, &self.display_name)] {
            table.extend(text.as_ref().map(|text| (tag, items.add(0x101, text.as_bytes()))));
        }
        let image = self
            .disk_image
            .as_ref()
            .map(|path| vec![(0x1004, items.path(path))]);
        let tables = [Some(table), image].into_iter().flatten().collect();
        items.finish(tables)
    }

    /// The alias record of version 2 that older systems kept; it has no creator and no URL.
    ///
    /// ```
    /// # use assay_sdk::{bookmark, testkit::BookmarkData};
    /// let bytes = BookmarkData::new("/Volumes/Kit/x").volume("/Volumes/Kit", "Kit").alias_record();
    /// assert_eq!(bookmark::parse(&bytes).unwrap().path.unwrap(), "/Volumes/Kit/x");
    /// ```
    #[must_use]
    pub fn alias_record(&self) -> Vec<u8> {
        let (mount, name) = self.volume.clone().unwrap_or(("/".to_owned(), "Disk".to_owned()));
        let mut record = vec![0; 150];
        record[7] = 2;
        record[10] = u8::try_from(name.len()).unwrap_or(0).min(27);
        for (place, byte) in record[11..38].iter_mut().zip(name.bytes()) {
            *place = byte;
        }
        let path = self.path.strip_prefix(&mount).unwrap_or(&self.path);
        let image = self
            .disk_image
            .as_ref()
            .map(|path| Self::new(path).alias_record());
        let shown = self.display_name.as_ref().map(|name| {
            let units: Vec<u16> = name.encode_utf16().collect();
            let count = u16::try_from(units.len()).unwrap_or(0);
            [count]
                .iter()
                .chain(&units)
                .flat_map(|unit| unit.to_be_bytes())
                .collect()
        });
        let tags = [
            (14, shown),
            (18, Some(path.as_bytes().to_vec())),
            (19, Some(mount.into_bytes())),
            (20, image),
            (0xffff, Some(Vec::new())),
        ];
        for (tag, value) in tags {
            let Some(value) = value else { continue };
            record.extend(u16::to_be_bytes(tag));
            record.extend(u16::try_from(value.len()).unwrap_or(0).to_be_bytes());
            record.extend(&value);
            record.resize(record.len().next_multiple_of(2), 0);
        }
        let size = u16::try_from(record.len()).unwrap_or(0).to_be_bytes();
        record[4..6].copy_from_slice(&size);
        record
    }
}

/// The data area as it grows; offsets count from its beginning.
struct Items(Vec<u8>);

impl Items {
    fn here(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
    fn words(&mut self, words: &[u32]) {
        self.0.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }
    /// Where the new item is.
    fn add(&mut self, kind: u32, bytes: &[u8]) -> u32 {
        let at = self.here();
        self.words(&[u32::try_from(bytes.len()).unwrap_or(u32::MAX), kind]);
        self.0.extend(bytes);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        at
    }
    fn path(&mut self, path: &str) -> u32 {
        let names = path.split('/').filter(|name| !name.is_empty());
        let offsets: Vec<u8> = names
            .flat_map(|name| self.add(0x101, name.as_bytes()).to_le_bytes())
            .collect();
        self.add(0x601, &offsets)
    }
    /// Adds the tables, numbered from 1, and the header.
    fn finish(mut self, tables: Vec<Vec<(u32, u32)>>) -> Vec<u8> {
        let first = self.here().to_le_bytes();
        self.0[..4].copy_from_slice(&first);
        let count = tables.len();
        for (number, mut table) in (1..).zip(tables) {
            table.sort_unstable();
            let entries = u32::try_from(table.len()).unwrap_or(0);
            let end = self.here() + 20 + entries * 12;
            let next = if number as usize == count { 0 } else { end };
            self.words(&[12 + entries * 12, 0xffff_fffe, number, next, entries]);
            for (tag, item) in table {
                self.words(&[tag, item, 0]);
            }
        }
        let total = self.here() + 48;
        let mut bytes = b"book".to_vec();
        for word in [total, 0x1004_0000, 48, 0, 0, 0, 0, 0, 0, 0, 0] {
            bytes.extend(u32::to_le_bytes(word));
        }
        bytes.extend(self.0);
        bytes
    }
}
