//! Logins that last: what servers have issued, in a file that only its owner can read.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fmt, process};

use mcp_core::auth::{AuthMethod, CredentialStore, OAuthConfig, RegisteredClient, Secret, Tokens};
use mcp_core::time::UnixTime;
use serde::{Deserialize, Serialize};

use super::printer;

/// A file of credentials. Programs that run at the same time share it: each change is made to
/// what the file says at that moment, and replaces the file as a whole.
pub(super) struct FileStore {
    path: PathBuf,
    known: Known,
}

/// What is in the file.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Known {
    /// Issuers, by server.
    issuers: BTreeMap<String, String>,
    /// Registrations, by issuer.
    clients: BTreeMap<String, Client>,
    /// Tokens, by issuer and server.
    tokens: BTreeMap<String, BTreeMap<String, Issued>>,
}

#[derive(Deserialize, Serialize)]
struct Client {
    id: String,
    secret: Option<String>,
    auth_method: String,
    redirect_uri: String,
    expires_at: Option<u64>,
}

#[derive(Deserialize, Serialize)]
struct Issued {
    access_token: String,
    refresh_token: Option<String>,
    expires_at: Option<u64>,
    scopes: Vec<String>,
    is_bound: bool,
}

/// Where the file is: a place for what programs remember, of this user.
fn place() -> Option<PathBuf> {
    let folder = |variable: &str| {
        env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let state = folder("XDG_STATE_HOME").or_else(|| {
        if cfg!(windows) {
            return folder("LOCALAPPDATA");
        }
        let here =
            if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/state" };
        folder("HOME").map(|home| home.join(here))
    });
    state.map(|state| state.join("mcp").join("credentials.json"))
}

pub(super) fn place_for_people() -> String {
    place().map_or_else(|| "nowhere, for you have no home".into(), |it| it.display().to_string())
}

impl FileStore {
    /// What the file says; `None` where there is no place for it, or it is not safe there.
    pub(super) fn open() -> Option<Self> {
        let path = place()?;
        match read(&path) {
            Ok(known) => Some(Self { path, known }),
            Err(error) => {
                printer::note(&format!("Logins are not kept: {}: {error}", path.display()));
                None
            }
        }
    }

    /// Forgets the tokens for a server; whether there were any.
    pub(super) fn forget(&mut self, url: &str) -> bool {
        let Ok(config) = OAuthConfig::new(url) else { return false };
        let mut known = false;
        self.change(|all| {
            let server = config.server();
            all.issuers.remove(server);
            for tokens in all.tokens.values_mut() {
                known |= tokens.remove(server).is_some();
            }
        });
        known
    }

    /// Whether there are tokens for a server.
    pub(super) fn knows(&self, url: &str) -> bool {
        OAuthConfig::new(url).is_ok_and(|config| {
            self.known.tokens.values().any(|tokens| tokens.contains_key(config.server()))
        })
    }

    fn change(&mut self, change: impl FnOnce(&mut Known)) {
        // Another program may have changed it meanwhile.
        if let Ok(known) = read(&self.path) {
            self.known = known;
        }
        change(&mut self.known);
        if let Err(error) = write(&self.path, &self.known) {
            let path = self.path.display();
            printer::note(&format!("This login is not kept: {path}: {error}"));
        }
    }
}

fn read(path: &Path) -> io::Result<Known> {
    let text = match File::open(path) {
        Ok(file) => {
            only_for_the_owner(&file)?;
            io::read_to_string(file)?
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Known::default()),
        Err(error) => return Err(error),
    };
    Ok(serde_json::from_str(&text)?)
}

/// What others can read is no secret, and what they can write is not to be trusted.
#[cfg(unix)]
fn only_for_the_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if file.metadata()?.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is not for you alone (chmod 600 it)"))
}

/// What is below a user's profile is that user's.
#[cfg(not(unix))]
fn only_for_the_owner(_: &File) -> io::Result<()> {
    Ok(())
}

/// Puts a new file in the place of the old one: it is never half written, nor open to others.
fn write(path: &Path, known: &Known) -> io::Result<()> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let (mut folders, mut options) = (fs::DirBuilder::new(), OpenOptions::new());
    folders.recursive(true);
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        options.mode(0o600);
    }
    folders.create(folder)?;
    let new = path.with_extension(format!("{}.new", process::id()));
    let written = options.open(&new).and_then(|mut file| {
        file.write_all(&serde_json::to_vec_pretty(known)?)?;
        file.sync_all()?;
        fs::rename(&new, path)
    });
    if written.is_err() {
        // What is left of it may hold secrets.
        let _ = fs::remove_file(&new);
    }
    written
}

impl CredentialStore for FileStore {
    fn issuer(&self, resource: &str) -> Option<String> {
        self.known.issuers.get(resource).cloned()
    }

    fn client(&self, issuer: &str) -> Option<RegisteredClient> {
        let client = self.known.clients.get(issuer)?;
        Some(RegisteredClient {
            client_id: client.id.clone(),
            client_secret: client.secret.as_ref().map(Secret::new),
            auth_method: AuthMethod::named(&client.auth_method)?,
            redirect_uri: client.redirect_uri.clone(),
            expires_at: client.expires_at.map(from_seconds),
        })
    }

    fn set_client(&mut self, issuer: &str, client: Option<RegisteredClient>) {
        let client = client.map(|client| Client {
            id: client.client_id,
            secret: client.client_secret.map(|secret| secret.expose().to_owned()),
            auth_method: client.auth_method.as_str().to_owned(),
            redirect_uri: client.redirect_uri,
            expires_at: client.expires_at.map(to_seconds),
        });
        self.change(|known| match client {
            Some(client) => drop(known.clients.insert(issuer.to_owned(), client)),
            None => drop(known.clients.remove(issuer)),
        });
    }

    fn tokens(&self, issuer: &str, resource: &str) -> Option<Tokens> {
        let issued = self.known.tokens.get(issuer)?.get(resource)?;
        Some(Tokens {
            access_token: Secret::new(&issued.access_token),
            refresh_token: issued.refresh_token.as_ref().map(Secret::new),
            expires_at: issued.expires_at.map(from_seconds),
            scopes: issued.scopes.iter().cloned().collect(),
            is_bound: issued.is_bound,
        })
    }

    fn set_tokens(&mut self, issuer: &str, resource: &str, tokens: Option<Tokens>) {
        let issued = tokens.map(|tokens| Issued {
            access_token: tokens.access_token.expose().to_owned(),
            refresh_token: tokens.refresh_token.map(|token| token.expose().to_owned()),
            expires_at: tokens.expires_at.map(to_seconds),
            scopes: tokens.scopes.into_iter().collect(),
            is_bound: tokens.is_bound,
        });
        self.change(|known| {
            let all = known.tokens.entry(issuer.to_owned()).or_default();
            match issued {
                Some(issued) => {
                    all.insert(resource.to_owned(), issued);
                    known.issuers.insert(resource.to_owned(), issuer.to_owned());
                }
                None => drop(all.remove(resource)),
            }
        });
    }
}

fn from_seconds(seconds: u64) -> UnixTime {
    UnixTime::from_epoch(std::time::Duration::from_secs(seconds))
}

fn to_seconds(time: UnixTime) -> u64 {
    time.since_epoch().as_secs()
}

/// The secrets stay in it.
impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Tokens {
        Tokens {
            access_token: Secret::new(text),
            refresh_token: Some(Secret::new("refresh")),
            expires_at: Some(from_seconds(7)),
            scopes: ["a".to_owned()].into(),
            is_bound: false,
        }
    }

    #[test]
    fn what_is_kept_is_the_owners_alone() {
        let folder = env::temp_dir().join(format!("mcp-store-{}", process::id()));
        let path = folder.join("mcp").join("credentials.json");
        let open = || FileStore { path: path.clone(), known: read(&path).unwrap_or_default() };
        let (mut one, mut other) = (open(), open());
        one.set_tokens("https://as", "https://a/mcp", Some(tokens("for a")));
        other.set_tokens("https://as", "https://b/mcp", Some(tokens("for b")));
        let mut again = open();
        assert_eq!(again.issuer("https://a/mcp").as_deref(), Some("https://as"));
        assert_eq!(again.tokens("https://as", "https://a/mcp"), Some(tokens("for a")));
        assert_eq!(again.tokens("https://as", "https://b/mcp"), Some(tokens("for b")));
        assert!(!format!("{again:?}").contains("for a"));
        assert!(again.forget("https://a/mcp") && !again.forget("https://a/mcp"));
        assert_eq!(open().tokens("https://as", "https://a/mcp"), None);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(read(&path).is_err(), "others can read it");
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left");
        fs::remove_dir_all(folder).unwrap();
    }
}
