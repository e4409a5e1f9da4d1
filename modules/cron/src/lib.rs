//! cron, anacron, at and periodic jobs
