//! SSH: what is seen, what each change looks like, and what must stay silent.

mod access;
mod client;
mod hostile;
mod server;
mod trust;

use assay_module_ssh::Ssh;
use assay_sdk::testkit::{Fixture, Seen};

/// Keys that ssh-keygen made, of each type.
const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqIIiw1//75uCCcbHxRE50TXZNF5FEKeElzyYzrdEts";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJ65/SDrIuwDEQTPBcw2L3LOmPBkbERQMSI7VkupK48VIM0yKFpaEND/AgkCZVBBPQv6jQZYhhk1PKuuw/+nK8g=";
const RSA_1024: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC+PHViUYWDO9wLSqBVw3qArZF3WJGLALqLaRrQY9goRdZ0Tyz8OmB4IoAbRuxkPadX2kymFfy9zWfpA8ryBTxidBLPoi4mqhO9CXGDZeIhPDk+Cy/o2yBI22Ud8EonEaMoYXEgOZnEmpFCTYvUUQSm2fWgQSHhiR8J82fxqG88DQ==";
const RSA_2048: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDJVHxON9bG7a+sF2475A1liAx+9nQwVk19eKT6S293JdXtVlPm7cEc/3sJO3HOofGkFkzHV1GcTDLP+s8OkSyU67JFNEurZxTwA9yp4a4YONFQ0QsUCi8vS/jgGF9wAvPtbvZ7rMEQgNfAB6x4P/LgELcNAtxTeVY/yA/t/+9kN6AFvu0GocWSxNKEtigWkGKKb4nIZQmA/HGhtS3Q8zccqCq6TJKc3+EN1NU5X/SIsKw9va1tSCJf6PEiSx+kUkAIfPjMzPlg1jt6W0cY9JRmTShzwP7KoEubB+AvCoaNQQMjIXsKQUiiR3Q1IFte0wvGLbV7ZZlJGAaaFkt+yITX";
const DSA: &str = "ssh-dss AAAAB3NzaC1kc3MAAACBAOyta7Ge+PKrfTPbcFex/fpruCniRsNgDblJLu/tZqSTamxcUSvAmx8kb9cVaW/+Em8xKMAgXoQLqgiNxivoxutC7a1lSL4TvRgS0lWIqLP5iitit/vjHjMvhrCAHAjEP5i41bTdtqRTIwvjvt5+b+BAY+W/iTHPNBPLoaQcF4ajAAAAFQDEEkI6yE1IIYV2sQAz4Bew5ot4iQAAAIEAqO8l7V+5dzIc3sbc/bgMx5zzDYTOvBdNdoYtxuOgqQhJhcj2IgTsWvfdnYfECmZ24HVc0ScFL8jagAv/26hSWWJSC6sLQ74kWNudVJmhUA7brf7jf+TWh7pAXscd4SNvpaN8elEEpF0x/oYpQQZ5KcRphIhYa9LXdW2oyrI0MG8AAACAFXaLdpp7vb71vEGA/xLYhpaFyRiKjTfdOozJEfyhdkel28GkbiEjLc6TkTB6rjCZUHSvwGvYtIj3CkAeL18EoPFAeuJphigwEyGwceCsKYmGFeFNX+pqsYsAk5gKr0JA1HAmxiA0N8kB/qozOPeH9VG5iH/xrVW0wunJXh98ifI=";
/// What `ssh-keygen -l` calls the first of them.
const FINGERPRINT: &str = "SHA256:9mOY0Uirn7Km2rnHnQAULJuRDRQlWo+j/xvtGhxbiok";

fn scan(fixture: &Fixture) -> Seen {
    let seen = fixture.collect::<Ssh>();
    assert!(seen.log.is_empty(), "{seen:?}");
    seen
}

/// A Linux with one account besides root.
fn linux() -> Fixture {
    Fixture::new()
        .file("/etc/passwd", "ana:x:1000:1000::/home/ana:/bin/sh\n")
        .folder("/home/ana")
        .folder("/root")
}

#[test]
fn an_empty_root_is_silent() {
    scan(&Fixture::new()).assert_silent();
    scan(&Fixture::macos()).assert_silent();
}
