//! launchd jobs of macOS
