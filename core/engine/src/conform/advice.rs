//! What an author does about a scan that failed.

use crate::run::Failure;

/// The next thing to try. The names are those of docs/modules.md.
pub(super) fn on(failure: &Failure) -> &'static str {
    match failure.name {
        "not_started" => "start `assay` from where it was installed or built, with `assay-host` beside it",
        "deadline" => {
            "something waits or runs for ever: open with O_NONBLOCK, read no FIFO, bound every loop"
        }
        "output_too_big" | "too_many_records" => {
            "bound the number of entries, and send a gap for what is left out"
        }
        "line_too_long" => "bound the length of every field; a record is at most 1 MiB",
        "nested_too_deep" => {
            "a field is a text, a whole number, a bool or a list of texts, and nests no further"
        }
        "invalid_record" => {
            "write one JSON object a line and nothing else; messages go to standard error or `log`"
        }
        "record_after_done" => "write `done` last, and once",
        "other_protocol" => "`hello` says \"v\":1",
        "no_hello" => {
            "write `hello` with the manifest before anything else, for `describe` and for `collect`"
        }
        "no_done" => "end every scan with `done`; the text above says how the process ended instead",
        "wrong_count" => "`done` has the number of `entry` records; count them where they are written",
        "bad_manifest" => {
            "names are words of a-z, 0-9 and _, declared once; the module is called what its file is"
        }
        "undeclared" => "declare every kind and field in the manifest, with the type that is sent",
        "duplicate_key" => {
            "put into the key what tells the two apart, and stays: a path, a section, the whole line"
        }
        _ => "see docs/modules.md, limits and failures",
    }
}
