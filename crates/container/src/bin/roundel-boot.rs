//! Nothing but the helper: for programs whose own binary cannot be it, such as test harnesses.

fn main() {
    roundel_container::boot::run_if_asked();
}
