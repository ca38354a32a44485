# Clones or updates the code from the bundle (a bare repository) that the runner bound into the
# environment. Parameters are variables: ROUNDEL_BUNDLE, _PATH, _URL, _SHA, _KIND (branch or tag),
# _NAME, and for SSH _SSH_BASE and _HTTPS_BASE.
set -e
umask 022

command -v git >/dev/null 2>&1 || exit 201

if [ -z "${HOME:-}" ] || [ "$HOME" = / ]; then
    echo "HOME is '${HOME:-}': set it to the step user's home" >&2
fi
echo "Using SSH config dir '$HOME/.ssh'"
git --version

# The bundle belongs to the runner, not to the step user; newer gits refuse that by default.
trusted='git -c safe.directory=* upload-pack'

git config --global gc.auto 0 || echo "Warning: git cannot write its configuration in $HOME" >&2
if [ -n "${ROUNDEL_SSH_BASE:-}" ]; then
    git config --global "url.$ROUNDEL_SSH_BASE.insteadOf" "$ROUNDEL_HTTPS_BASE" || true
fi

mkdir -p "$ROUNDEL_PATH"
if [ -e "$ROUNDEL_PATH/.git" ]; then
    echo "Updating the repository in $ROUNDEL_PATH"
    cd "$ROUNDEL_PATH"
    git remote set-url origin "$ROUNDEL_URL" 2>/dev/null || git remote add origin "$ROUNDEL_URL"
    if [ "$ROUNDEL_KIND" = tag ]; then
        refs='+refs/tags/*:refs/tags/*'
    elif [ "$ROUNDEL_NAME" = HEAD ]; then
        # There, origin/HEAD stands for the default branch.
        refs=refs/heads/HEAD
    else
        refs="+refs/heads/$ROUNDEL_NAME:refs/remotes/origin/$ROUNDEL_NAME"
    fi
    # A branch that was deleted has no ref any more; its commit is fetched anyway.
    git fetch -q --force --no-tags --upload-pack="$trusted" "$ROUNDEL_BUNDLE" "$refs" ||
        echo "Warning: $ROUNDEL_KIND $ROUNDEL_NAME is not in the repository any more" >&2
    git cat-file -e "$ROUNDEL_SHA^{commit}" 2>/dev/null ||
        git fetch -q --force --no-tags --upload-pack="$trusted" "$ROUNDEL_BUNDLE" "$ROUNDEL_SHA"
else
    echo "Cloning into $ROUNDEL_PATH"
    git -c 'safe.directory=*' clone -q --no-checkout --no-hardlinks --upload-pack="$trusted" \
        "$ROUNDEL_BUNDLE" "$ROUNDEL_PATH"
    cd "$ROUNDEL_PATH"
    git remote set-url origin "$ROUNDEL_URL"
fi

if [ "$ROUNDEL_KIND" = tag ] && git rev-parse -q --verify "refs/tags/$ROUNDEL_NAME" >/dev/null; then
    git checkout -q --force --detach "refs/tags/$ROUNDEL_NAME"
    git reset -q --hard "$ROUNDEL_SHA"
elif [ "$ROUNDEL_KIND" = tag ]; then
    git checkout -q --force --detach "$ROUNDEL_SHA"
else
    # `git checkout -B` refuses branches named like an option (`-n`) or `HEAD`, which a forge may have.
    git checkout -q --force --detach "$ROUNDEL_SHA"
    git update-ref "refs/heads/$ROUNDEL_NAME" "$ROUNDEL_SHA"
    git symbolic-ref HEAD "refs/heads/$ROUNDEL_NAME"
fi
git --no-pager log -1 --no-color --format='HEAD is now at %h %s'
