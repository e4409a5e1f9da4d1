use assay_sdk::ini;

/// Files of sections and settings, and git's own kind.
///
/// # Panics
/// When a setting stands where no line is, or is not found by its name; when more comes out than stands there.
pub fn ini(bytes: &[u8]) {
    let count = i64::try_from(bytes.split(|byte| *byte == b'\n').count()).expect("some lines");
    for ini in [ini::parse(bytes), ini::git(bytes)] {
        assert!(ini.malformed.is_none_or(|line| (1..=count).contains(&line)));
        let (mut last, mut size) = (0, 0);
        for section in &ini.sections {
            size += section.name.as_bytes().len();
            for setting in &section.settings {
                assert!(
                    (last..=count).contains(&setting.line),
                    "line {} of {count}",
                    setting.line
                );
                last = setting.line;
                size += setting.key.as_bytes().len();
                let Some(value) = &setting.value else { continue };
                size += value.as_bytes().len();
                if let (Some(name), Some(key)) = (section.name.as_str(), setting.key.as_str()) {
                    assert!(ini.all(name, key).any(|found| found == value));
                }
                // Files with thousands of settings are looked up once.
                assert!(
                    size <= 2 * bytes.len() + 64,
                    "{size} bytes out of {}",
                    bytes.len()
                );
            }
        }
    }
}
