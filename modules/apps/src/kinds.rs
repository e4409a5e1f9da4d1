//! What the module lists: one line of prose for every kind and field.

use assay_sdk::{FieldKind, Kind, Severity};

const IMPORTED: &str = "types of documents that it claims, whose appearance starts it, sorted";

#[rustfmt::skip]
pub(crate) fn all() -> Vec<Kind> {
    let mut kinds = vec![
        bundle("application", "T1554", Severity::Medium, "an application")
            .compared("background", FieldKind::Text, "whether it runs without a Dock icon: background or agent")
            .compared("code", FieldKind::List, "where an Electron application has its code: app.asar, app, or both")
            .compared("sealed", FieldKind::Bool, "whether it has the list of files that its signature vouches for"),
        Kind::new("app_environment", "T1574.006", "a variable that an application is started with")
            .severity(Severity::Critical)
            .compared("value", FieldKind::Text, "its value, hidden when its name speaks of a secret"),
        bundle("embedded_login_item", "T1547.015", Severity::Medium, "a helper in an application, to be opened at login"),
        bundle("dock_tile_plugin", "T1546", Severity::Medium, "code of an application that the Dock loads at login"),
        bundle("app_extension", "T1546", Severity::Low, "an extension in an application, for others to load")
            .compared("point", FieldKind::Text, "what it extends"),
        bundle("finder_sync_extension", "T1546", Severity::Medium, "an extension that the Finder starts")
            .compared("point", FieldKind::Text, "what it extends"),
        Kind::new("widget", "T1546", "a widget that a user put up")
            .severity(Severity::Low),
        bundle("spotlight_importer", "T1546", Severity::Medium, "code that Spotlight loads to read documents")
            .compared("types", FieldKind::List, IMPORTED),
        bundle("quicklook_generator", "T1546", Severity::Medium, "code that Quick Look loads to show documents")
            .compared("types", FieldKind::List, IMPORTED),
    ];
    kinds.extend([
        ("screen_saver", "T1546.002", Severity::Medium, "code that runs when nobody uses the Mac"),
        ("color_picker", "T1546", Severity::Medium, "code that every colour panel loads"),
        ("input_method", "T1546", Severity::Medium, "a program that sees what is typed"),
        ("internet_plugin", "T1546", Severity::Low, "code that browsers up to Safari 11 load"),
        ("audio_driver", "T1546", Severity::Medium, "code that the audio daemon loads at boot"),
        ("audio_plugin", "T1546", Severity::Low, "code that audio applications load"),
        ("camera_plugin", "T1546", Severity::Medium, "code that applications with a camera load"),
        ("preference_pane", "T1546", Severity::Medium, "code that System Settings loads"),
        ("scripting_addition", "T1546", Severity::Medium, "code that AppleScript loads into applications"),
        ("mail_bundle", "T1546", Severity::Medium, "code that Mail loads"),
        ("contacts_plugin", "T1546", Severity::Medium, "code that Contacts loads"),
        ("image_capture_device", "T1546", Severity::Low, "a program that starts when a camera or scanner is attached"),
    ].map(|(name, technique, severity, summary)| bundle(name, technique, severity, summary)));
    kinds
}

fn bundle(name: &str, technique: &str, severity: Severity, summary: &str) -> Kind {
    Kind::new(name, technique, summary)
        .severity(severity)
        .compared("identifier", FieldKind::Text, "its bundle identifier")
        .compared("executable", FieldKind::Text, "the file that it says it runs")
        .compared(
            "principal",
            FieldKind::Text,
            "the class that its host begins with",
        )
        .compared(
            "link_target",
            FieldKind::Text,
            "where it leads, as written, when it is a link",
        )
        .shown("version", FieldKind::Text, "its version and build")
}
