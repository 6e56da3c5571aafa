//! The analyst.
