//! systemd units, timers and generators
