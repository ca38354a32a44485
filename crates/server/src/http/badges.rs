//! badges
