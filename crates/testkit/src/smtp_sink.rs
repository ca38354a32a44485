//! A mail server that keeps what it gets: real SMTP over TCP (RFC 5321), on loopback.
//!
//! It can be set to be unavailable for a while, as mail servers are.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinSet,
};

/// One email as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedEmail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's receivers.
    pub to: Vec<String>,
    /// Headers and body, with line feeds only.
    pub text: String,
}

impl ReceivedEmail {
    /// Returns a header's value with its folding undone, by name in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\n\n").next()?;
        let unfolded = head.replace("\n ", " ").replace("\n\t", " ");
        unfolded.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// A running sink. Dropping it stops it.
pub struct SmtpSink {
    /// The address that it listens on.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    _work: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    emails: Mutex<Vec<ReceivedEmail>>,
    arrived: Notify,
    /// How many clients have asked whether it is there.
    asked: AtomicU32,
    /// How many emails are still to be refused with 451.
    unavailable: AtomicU32,
}

impl SmtpSink {
    /// Starts a sink on a free port.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let mut work = JoinSet::new();
        work.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, _work: work })
    }

    /// The address as `lettre` reads it.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refuses the next emails with a temporary error.
    pub fn be_unavailable_for(&self, emails: u32) {
        self.shared.unavailable.store(emails, Ordering::SeqCst);
    }

    /// How many clients have asked whether it is there (`NOOP`).
    pub fn asked(&self) -> u32 {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// What came so far.
    pub fn emails(&self) -> Vec<ReceivedEmail> {
        self.shared.emails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there are at least this many, or time is up; answers with what there is.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Vec<ReceivedEmail> {
        self.wait_until(|sink| sink.emails().len() >= count, timeout).await;
        self.emails()
    }

    /// Waits until a client has asked whether it is there, or time is up.
    pub async fn wait_until_asked(&self, timeout: Duration) {
        self.wait_until(|sink| sink.asked() > 0, timeout).await;
    }

    async fn wait_until(&self, is_so: impl Fn(&Self) -> bool, timeout: Duration) {
        let so = async {
            loop {
                let arrived = self.shared.arrived.notified();
                if is_so(self) {
                    return;
                }
                arrived.await;
            }
        };
        drop(tokio::time::timeout(timeout, so).await);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut conversations = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        conversations.spawn(converse(stream, Arc::clone(&shared)));
        while conversations.try_join_next().is_some() {}
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>) {
    // A client may hang up in the middle.
    drop(speak(stream, &shared).await);
}

async fn speak(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut email = ReceivedEmail { from: String::new(), to: Vec::new(), text: String::new() };
    stream.write_all(b"220 sink ESMTP\r\n").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
            "HELO" => "250 sink\r\n",
            "NOOP" => {
                shared.asked.fetch_add(1, Ordering::SeqCst);
                shared.arrived.notify_waiters();
                "250 here\r\n"
            }
            "RSET" => {
                email.to.clear();
                "250 forgotten\r\n"
            }
            "MAIL" => {
                email.from = address(line);
                "250 ok\r\n"
            }
            "RCPT" => {
                email.to.push(address(line));
                "250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 end with a dot\r\n").await?;
                email.text = read_data(&mut stream).await?;
                take(shared, &mut email)
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "502 what?\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn take(shared: &Shared, email: &mut ReceivedEmail) -> &'static str {
    let less = |left: u32| left.checked_sub(1);
    if shared.unavailable.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
        return "451 not now\r\n";
    }
    let next = ReceivedEmail { from: String::new(), to: Vec::new(), text: String::new() };
    let taken = std::mem::replace(email, next);
    shared.emails.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
    shared.arrived.notify_waiters();
    "250 kept\r\n"
}

async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end_matches(['\r', '\n']);
        if line == "." {
            return Ok(text);
        }
        // A leading dot was doubled on the way (RFC 5321 §4.5.2).
        text.push_str(line.strip_prefix('.').unwrap_or(line));
        text.push('\n');
    }
}

fn address(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}
