# With a name, that one is greeted.
set -euo pipefail
test "$(bash bin/greet Roundel)" = "Hello, Roundel!"
printf '\033[32m✓\033[0m greets by name\n'
