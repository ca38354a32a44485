fn main() { std::fs::create_dir_all("docs").unwrap(); std::fs::write("docs/states.md", roundel_engine::diagram::page()).unwrap(); }
