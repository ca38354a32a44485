# Without a name, everyone is greeted.
set -euo pipefail
test "$(bash bin/greet)" = "Hello, world!"
printf '\033[32m✓\033[0m greets everyone\n'
