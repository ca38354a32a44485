//! Who may do what with a repository.

use roundel_model::forge::Role;

use super::{DeployKey, Organization, Repository, State, UserKey};

impl State {
    /// Returns the role of a user in a repository, without regard to any token's scopes.
    pub(crate) fn role(&self, login: &str, repository: &Repository) -> Option<Role> {
        let owner = repository.owner.eq_ignore_ascii_case(login).then_some(Role::Admin);
        let member = self.organization(&repository.owner).and_then(|organization| {
            let is_owner = *organization.members.get(login)?;
            Some(if is_owner { Role::Admin } else { Role::Read })
        });
        let explicit = repository.roles.get(login).copied();
        let public = (!repository.private).then_some(Role::Read);
        [owner, member, explicit, public].into_iter().flatten().max()
    }

    /// Returns the organizations or workspaces that a user is a member of.
    pub(crate) fn organizations_of(&self, login: &str) -> impl Iterator<Item = &Organization> {
        self.organizations.iter().filter(move |one| one.members.contains_key(login))
    }

    /// Returns the repositories that a user owns, collaborates in or has through an organization.
    pub(crate) fn repositories_of(&self, login: &str) -> Vec<&Repository> {
        let mut mine: Vec<_> = self
            .repositories
            .values()
            .filter(|repository| {
                repository.owner.eq_ignore_ascii_case(login)
                    || repository.roles.contains_key(login)
                    || self
                        .organization(&repository.owner)
                        .is_some_and(|one| one.members.contains_key(login))
            })
            .collect();
        mine.sort_by_key(|repository| repository.full_name().to_lowercase());
        mine
    }

    /// Returns every user with a role in a repository, with the role.
    pub(crate) fn people_of(&self, repository: &Repository) -> Vec<(String, Role)> {
        let mut people = Vec::new();
        for user in &self.users {
            let has_part = repository.owner.eq_ignore_ascii_case(&user.login)
                || repository.roles.contains_key(&user.login)
                || self
                    .organization(&repository.owner)
                    .is_some_and(|one| one.members.contains_key(&user.login));
            if let (true, Some(role)) = (has_part, self.role(&user.login, repository)) {
                people.push((user.login.clone(), role));
            }
        }
        people
    }

    /// Returns an administrator of a repository.
    pub(crate) fn admin_of(&self, repository: &Repository) -> Option<String> {
        let people = self.people_of(repository);
        people.into_iter().find(|(_, role)| *role == Role::Admin).map(|(login, _)| login)
    }

    /// Finds the user with this key.
    pub(crate) fn user_key(&self, key: &str) -> Option<&UserKey> {
        self.user_keys.iter().find(|one| one.key == key)
    }

    /// Finds the repositories that a key opens. Bitbucket lets several share one key.
    pub(crate) fn deploy_keys_like(&self, key: &str) -> Vec<&DeployKey> {
        self.deploy_keys.iter().filter(|one| one.key == key).collect()
    }
}
