//! Scopes: how GitHub normalizes them, and their descriptions on the consent page.

/// The scopes that a scope includes (`VCS` §2.3.2).
const SWALLOWS: [(&str, &[&str]); 9] = [
    ("repo", &["repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("admin:org", &["write:org", "read:org"]),
    ("write:org", &["read:org"]),
    ("admin:public_key", &["write:public_key", "read:public_key"]),
    ("write:public_key", &["read:public_key"]),
    ("admin:repo_hook", &["write:repo_hook", "read:repo_hook"]),
    ("write:repo_hook", &["read:repo_hook"]),
    ("public_repo", &["repo:status"]),
];

/// Sorts scopes and drops those that others contain.
pub(super) fn normal(text: &str) -> Vec<String> {
    let mut scopes: Vec<String> =
        text.split([' ', ',']).filter(|one| !one.is_empty()).map(str::to_owned).collect();
    scopes.sort();
    scopes.dedup();
    let all = scopes.clone();
    scopes.retain(|one| {
        !SWALLOWS.iter().any(|(wide, narrow)| {
            narrow.contains(&one.as_str()) && all.iter().any(|scope| scope == wide)
        })
    });
    scopes
}

/// Returns what a scope allows, for the consent page.
pub(super) fn explained(scope: &str) -> &'static str {
    match scope {
        "repo" => "Full control of private repositories: code, commit statuses, keys and hooks",
        "public_repo" => "Access to public repositories",
        "repo:status" => "Access to commit statuses",
        "user" => "Everything in your profile",
        "user:email" => "Your email addresses (read-only)",
        "read:user" => "Your profile (read-only)",
        "read:org" => "Your organizations and memberships (read-only)",
        "admin:repo_hook" => "Full control of repository webhooks",
        "write:repo_hook" => "Creating and editing repository webhooks",
        "admin:public_key" => "Full control of your SSH keys",
        "write:public_key" => "Adding SSH keys to your account",
        "offline_access" => "Tokens that expire and can be refreshed",
        "account" => "Your account (read-only)",
        "account:write" => "Changing your account, SSH keys among it",
        "email" => "Your email addresses",
        "repository" => "Your repositories (read), and build statuses",
        "repository:write" => "Your repositories (write)",
        "repository:admin" => "Administering your repositories: access keys",
        "webhook" => "Creating and editing webhooks",
        "pullrequest" => "Your pull requests (read)",
        "pullrequest:write" => "Your pull requests (write)",
        _ => "A right that has no description here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_scopes_swallow_narrow_ones() {
        assert_eq!(
            normal("user:email repo repo:status read:org"),
            ["read:org", "repo", "user:email"]
        );
        assert_eq!(normal("user,user:email,user"), ["user"]);
        assert!(normal("").is_empty());
    }
}
