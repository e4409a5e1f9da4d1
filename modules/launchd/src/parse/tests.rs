use super::*;

fn fields(body: &str) -> String {
    let xml = format!("<plist version=\"1.0\"><dict>{body}</dict></plist>");
    let job = job(xml.as_bytes()).expect("a job");
    let fields = job.fields.iter().map(|(name, value)| format!("{name}={value}"));
    fields.collect::<Vec<_>>().join("; ")
}

#[test]
fn every_key_is_read_in_each_of_its_forms() {
    for (body, expected) in [
        ("<key>RunAtLoad</key><false/>", "run_at_load=false"),
        ("<key>KeepAlive</key><true/>", "keep_alive=true"),
        (
            "<key>KeepAlive</key><dict><key>PathState</key><dict><key>/v</key><true/></dict><key>Crashed</key><true/></dict>",
            "keep_alive={Crashed=true, PathState={/v=true}}",
        ),
        (
            "<key>StartCalendarInterval</key><dict><key>Minute</key><integer>4</integer></dict>",
            "start_calendar_interval=[{Minute=4}]",
        ),
        (
            "<key>StartCalendarInterval</key><array><dict><key>Hour</key><integer>9</integer></dict><dict><key>Day</key><integer>1</integer></dict></array>",
            "start_calendar_interval=[{Day=1}, {Hour=9}]",
        ),
        (
            "<key>StartInterval</key><integer>0x3C</integer>",
            "start_interval=60",
        ),
        (
            "<key>LimitLoadToSessionType</key><string>Aqua</string>",
            "limit_load_to_session_type=[Aqua]",
        ),
        (
            "<key>LimitLoadToSessionType</key><array><string>LoginWindow</string><string>Aqua</string></array>",
            "limit_load_to_session_type=[Aqua, LoginWindow]",
        ),
        (
            "<key>MachServices</key><dict><key>b</key><dict><key>ResetAtClose</key><true/></dict><key>a</key><true/></dict>",
            "mach_services=[a=true, b={ResetAtClose=true}]",
        ),
        (
            "<key>Sockets</key><dict><key>L</key><array><dict><key>SockServiceName</key><integer>99</integer></dict></array></dict>",
            "sockets=[L=({SockServiceName=99})]",
        ),
        (
            "<key>Disabled</key><dict><key>#IfFeatureFlagEnabled</key><string>f</string><key>#Then</key><true/></dict>",
            "disabled={#IfFeatureFlagEnabled=f, #Then=true}",
        ),
        ("<key>Umask</key><integer>18</integer>", "umask=18"),
        ("<key>WatchPaths</key><array/>", ""),
        (
            "<key>Nice</key><integer>5</integer><key>processtype</key><string>x</string>",
            "",
        ),
    ] {
        assert_eq!(fields(body), expected, "{body}");
    }
}

#[test]
fn wrong_types_are_read_where_no_guess_is_needed_and_told_always() {
    for (body, expected) in [
        (
            "<key>RunAtLoad</key><integer>1</integer>",
            "run_at_load=true; wrong_types=[RunAtLoad=1]",
        ),
        (
            "<key>RunAtLoad</key><string>No</string>",
            "run_at_load=false; wrong_types=[RunAtLoad=No]",
        ),
        ("<key>RunAtLoad</key><array/>", "wrong_types=[RunAtLoad=()]"),
        ("<key>Label</key><integer>7</integer>", "wrong_types=[Label=7]"),
        ("<key>Program</key><string/>", "wrong_types=[Program=\"\"]"),
        (
            "<key>Program</key><array><string>/a</string><string>b</string></array>",
            "program=/a; wrong_types=[Program=(/a, b)]",
        ),
        (
            "<key>ProgramArguments</key><string>/a b</string>",
            "program_arguments=[/a b]; wrong_types=[ProgramArguments=/a b]",
        ),
        (
            "<key>ProgramArguments</key><array><string>/a</string><integer>3</integer></array>",
            "program_arguments=[/a, 3]; wrong_types=[ProgramArguments=(/a, 3)]",
        ),
        (
            "<key>StartInterval</key><string>90</string>",
            "start_interval=90; wrong_types=[StartInterval=90]",
        ),
        (
            "<key>StartInterval</key><integer>18446744073709551615</integer>",
            "wrong_types=[StartInterval=18446744073709551615]",
        ),
        (
            "<key>EnvironmentVariables</key><array><string>API_TOKEN=t</string></array>",
            "wrong_types=[EnvironmentVariables is an array]",
        ),
        (
            "<key>EnvironmentVariables</key><dict><key>N</key><integer>1</integer><key>PASSWORD</key><true/></dict>",
            "wrong_types=[N=1, PASSWORD=<hidden>]",
        ),
    ] {
        assert_eq!(fields(body), expected, "{body}");
    }
}

#[test]
fn keys_in_another_case_are_read_and_told() {
    assert_eq!(
        fields(
            "<key>programarguments</key><array><string>/a</string></array><key>Zzz</key><true/><key>Abc</key><true/>"
        ),
        "misspelled_keys=[programarguments]; program_arguments=[/a]; unknown_keys=[Abc, Zzz]"
    );
    for (first, second) in [("Program", "program"), ("program", "Program")] {
        let value = |key: &str| format!("<key>{key}</key><string>/{key}</string>");
        assert_eq!(
            fields(&(value(first) + &value(second))),
            "misspelled_keys=[program]; program=/Program"
        );
    }
    assert_eq!(
        fields("<key>Label</key><string>a</string><key>Label</key><string>b</string>"),
        "label=b; repeated_keys=true"
    );
}

#[test]
fn secrets_stay_and_what_loads_code_does_not() {
    let body = "<key>EnvironmentVariables</key><dict>\
        <key>Vault_Token</key><string>s3</string><key>GIT_ASKPASS</key><string>/opt/ask</string>\
        <key>DYLD_INSERT_LIBRARIES</key><string>/opt/k.dylib:/opt/l.dylib:rel</string>\
        <key>BASH_ENV</key><string>/opt/env</string><key>PATH</key><string>/opt/bin</string></dict>";
    let xml = format!("<plist><dict>{body}</dict></plist>");
    let job = job(xml.as_bytes()).expect("a job");
    assert_eq!(
        fields(body),
        "environment=[GIT_ASKPASS=/opt/ask, PATH=/opt/bin, Vault_Token=<hidden>]"
    );
    let injected = |(name, value): &(String, String)| (name.clone(), loaded(name, value).collect::<Vec<_>>());
    assert_eq!(
        job.injected.iter().map(injected).collect::<Vec<_>>(),
        [
            ("BASH_ENV".to_owned(), vec!["/opt/env".into()]),
            (
                "DYLD_INSERT_LIBRARIES".to_owned(),
                vec!["/opt/k.dylib".into(), "/opt/l.dylib".into()]
            ),
        ]
    );
    assert_eq!(job.path.as_deref(), Some("/opt/bin"));
}

#[test]
fn what_is_no_job_says_why() {
    for (bytes, expected) in [
        (&b"#!/bin/sh\nid\n"[..], "it is a script, no property list"),
        (
            b"<plist><array><dict/></array></plist>",
            "its top level is an array, no dictionary",
        ),
        (
            b"<plist><string>x</string></plist>",
            "its top level is a string, no dictionary",
        ),
        (b"", "no property list: it is empty"),
    ] {
        assert_eq!(job(bytes), Err(expected.to_owned()));
    }
    for bytes in [
        &b"bplist00\xff\xff"[..],
        b"<plist><dict><key>Label</key>",
        b"\0\x05\x16\x07",
    ] {
        assert!(job(bytes).is_err(), "{bytes:?}");
    }
    let huge = format!(
        "<plist><dict><key>WatchPaths</key><array>{}</array></dict></plist>",
        "<string>/0123456789abcdef</string>".repeat(4000)
    );
    assert_eq!(
        job(huge.as_bytes()),
        Err("it says more than 65536 bytes".to_owned())
    );
}

/// The whole table: each key as launchd spells it gives its field, and the same in capitals.
#[test]
fn every_key_of_the_table_gives_its_field() {
    let mut names = std::collections::HashSet::new();
    for key in schema::KEYS {
        assert!(
            names.insert(key.field) && names.insert(key.name),
            "{} twice",
            key.name
        );
        let value = match key.shape {
            Shape::Text | Shape::Any | Shape::Names => "<string>x</string>",
            Shape::Switch => "<true/>",
            Shape::Number => "<integer>1</integer>",
            Shape::Arguments => "<array><string>x</string></array>",
            Shape::Table | Shape::Times | Shape::Environment => "<dict><key>k</key><string>x</string></dict>",
        };
        let read = |name: &str| fields(&format!("<key>{name}</key>{value}"));
        let exact = read(key.name);
        assert!(exact.starts_with(&format!("{}=", key.field)), "{exact}");
        assert!(!exact.contains(';'), "nothing odd: {exact}");
        assert!(read(&key.name.to_uppercase()).contains(&exact), "{exact}");
    }
}

/// What may be changed without a change of meaning: order, white space, encoding.
#[test]
fn another_writing_of_the_same_job_is_the_same_job() {
    let one = b"<plist version='1.0'><dict><key>Label</key><string>org.x</string>\
        <key>KeepAlive</key><dict><key>a</key><true/><key>b</key><false/></dict>\
        <key>EnvironmentVariables</key><dict><key>LD_PRELOAD</key><string>/p</string><key>PAGER</key><string>/e</string></dict>\
        <key>WatchPaths</key><array><string>/a</string><string>/b</string></array></dict></plist>";
    let two =
        b"\xef\xbb\xbf <?xml version='1.0'?>\n<plist version=\"1.0\">\n<dict><key>WatchPaths</key><array>\
        <string>/b</string> <string>/a</string></array><key>KeepAlive</key><dict><key>b</key><false/>\
        <key>a</key><true/></dict><key>EnvironmentVariables</key><dict><key>PAGER</key><string>/e</string>\
        <key>LD_PRELOAD</key><string>/p</string></dict>\n<key>Label</key><string>org.x</string></dict></plist>";
    let mut binary = Vec::new();
    let plist = plist::parse(one).expect("parses");
    plist.to_writer_binary(&mut binary).expect("writes");
    let read = job(one).expect("a job");
    assert_eq!(read.fields.len(), 4);
    assert_eq!(job(two).as_ref(), Ok(&read));
    assert_eq!(job(&binary), Ok(read));
}
