# Copies the work tree that the runner made into place, where there is no git.
set -e
umask 022

mkdir -p "$ROUNDEL_PATH"
if [ -n "$(ls -A "$ROUNDEL_PATH")" ] && [ ! -e "$ROUNDEL_PATH/.git" ]; then
    echo "fatal: destination path '$ROUNDEL_PATH' already exists and is not an empty directory." >&2
    exit 128
fi
cp -RP "$ROUNDEL_TREE/." "$ROUNDEL_PATH/"
cat "$ROUNDEL_HEAD"
