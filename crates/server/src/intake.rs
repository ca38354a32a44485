//! From delivery to pipeline.
