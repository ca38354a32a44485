//! jobtool
