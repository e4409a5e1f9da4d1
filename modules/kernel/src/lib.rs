//! kernel modules and extensions
