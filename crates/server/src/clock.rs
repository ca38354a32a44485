//! Notices what did not happen.
