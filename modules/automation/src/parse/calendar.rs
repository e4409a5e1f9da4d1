//! Events and their alarms (RFC 5545): a line that begins with a blank goes on with the one before it.

/// An alarm that does more than to ring.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm {
    /// Its own identifier, or that of its event.
    pub(crate) uid: String,
    pub(crate) action: Option<String>,
    pub(crate) target: Option<String>,
    pub(crate) trigger: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) repeats: Option<String>,
    pub(crate) summary: Option<String>,
}

/// The alarms that open a file, sorted.
pub(crate) fn alarms(bytes: &[u8]) -> Vec<Alarm> {
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let text = text.replace("\n ", "").replace("\n\t", "");
    let (mut all, mut event, mut of_event, mut alarm) = (Vec::new(), Alarm::default(), Vec::new(), None);
    for line in text.lines() {
        let Some((name, value)) = line
            .split_once(':')
            .map(|(name, value)| unquoted(line, name, value))
        else {
            continue;
        };
        let name = name.split(';').next().unwrap_or_default().to_ascii_uppercase();
        match (name.as_str(), value.to_ascii_uppercase().as_str()) {
            ("BEGIN", "VEVENT" | "VTODO") => event = Alarm::default(),
            ("BEGIN", "VALARM") => alarm = Some(Alarm::default()),
            ("END", "VALARM") => of_event.extend(alarm.take()),
            ("END", "VEVENT" | "VTODO") => {
                let odd = of_event.drain(..).filter(opens);
                all.extend(odd.map(|alarm: Alarm| Alarm {
                    uid: if alarm.uid.is_empty() {
                        event.uid.clone()
                    } else {
                        alarm.uid
                    },
                    start: event.start.clone(),
                    repeats: event.repeats.clone(),
                    summary: event.summary.clone(),
                    ..alarm
                }));
            }
            _ => set(alarm.as_mut().unwrap_or(&mut event), &name, value),
        }
    }
    all.sort();
    all
}

/// The name and the value of a line; a parameter in quotes may hold a colon.
fn unquoted<'a>(line: &'a str, name: &'a str, value: &'a str) -> (&'a str, &'a str) {
    let is_open = |part: &str| part.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
    if !is_open(name) {
        return (name, value);
    }
    let end = line
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| !is_open(&line[..*at]));
    end.map_or((name, value), |at| (&line[..at], &line[at + 1..]))
}

fn set(component: &mut Alarm, name: &str, value: &str) {
    let field = match name {
        "UID" => {
            value.clone_into(&mut component.uid);
            return;
        }
        "ACTION" => &mut component.action,
        "ATTACH" | "URL" => &mut component.target,
        "TRIGGER" => &mut component.trigger,
        "DTSTART" => &mut component.start,
        "RRULE" => &mut component.repeats,
        "SUMMARY" => &mut component.summary,
        _ => return,
    };
    // A second attachment does not hide the one that is a file.
    if !field.as_deref().is_some_and(|old| old.starts_with("file:")) {
        *field = Some(value.to_owned());
    }
}

fn opens(alarm: &Alarm) -> bool {
    let is_procedure = alarm
        .action
        .as_deref()
        .is_some_and(|action| action.eq_ignore_ascii_case("PROCEDURE"));
    is_procedure
        || alarm
            .target
            .as_deref()
            .is_some_and(|target| target.starts_with("file:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_on_and_quotes_hold_colons() {
        let text = b"BEGIN:VEVENT\r\nuid:E1\r\nBEGIN:VALARM\r\nACTION:PROCE\r\n DURE\r\n\
            ATTACH;X=\"a:b\";VALUE=URI:file:///opt/x\r\nATTACH:none\r\nEND:VALARM\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n";
        let alarms = alarms(text);
        assert_eq!(alarms.len(), 1);
        assert_eq!(alarms[0].target.as_deref(), Some("file:///opt/x"));
        assert_eq!(
            (alarms[0].uid.as_str(), alarms[0].repeats.as_deref()),
            ("E1", Some("FREQ=DAILY"))
        );
    }

    #[test]
    fn alarms_that_ring_are_none() {
        let text = b"BEGIN:VEVENT\nBEGIN:VALARM\nACTION:AUDIO\nATTACH;VALUE=URI:Basso\nEND:VALARM\nEND:VEVENT\nEND:VALARM\nx";
        assert_eq!(alarms(text), []);
    }
}
