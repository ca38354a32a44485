//! The capabilities of editor and server.

use std::path::PathBuf;

use gen_lsp_types::{InitializeParams, PositionEncodingKind, Uri};
use lsp_server::ErrorCode;
use serde_json::{Value, json};

use crate::text::Encoding;

/// The capabilities of the editor that we use.
pub(super) struct EditorSupport {
    pub(super) encoding: Encoding,
    pub(super) snippets: bool,
    pub(super) links: bool,
    /// The directory that it opened.
    pub(super) root: Option<PathBuf>,
}

pub(super) fn support(params: &InitializeParams) -> EditorSupport {
    let encodings = params
        .capabilities
        .general
        .as_ref()
        .and_then(|general| general.position_encodings.as_ref());
    let utf8 = encodings.is_some_and(|known| known.contains(&PositionEncodingKind::UTF8));
    // As JSON: a few options are not worth a dozen nested optional structures.
    let all = serde_json::to_value(params).unwrap_or_default();
    let has = |pointer: &str| all.pointer(pointer).and_then(Value::as_bool) == Some(true);
    let roots = ["/workspaceFolders/0/uri", "/rootUri"].into_iter();
    let mut roots = roots.filter_map(|pointer| Uri::parse(all.pointer(pointer)?.as_str()?).ok());
    EditorSupport {
        encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
        snippets: has("/capabilities/textDocument/completion/completionItem/snippetSupport"),
        links: has("/capabilities/textDocument/definition/linkSupport"),
        root: roots.find_map(|uri| uri.to_file_path().ok()),
    }
}

/// What this server can do: the answer to `initialize`. Formatting is not in it, on purpose.
pub(super) fn offered(encoding: Encoding) -> Value {
    let encoding = match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Utf16 => "utf-16",
    };
    json!({
        "capabilities": {
            "positionEncoding": encoding,
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "hoverProvider": true,
            "completionProvider": { "triggerCharacters": [" ", ":", "-", "/", ".", "*", "[", "{", "<"] },
            "definitionProvider": true,
            "referencesProvider": true,
            "documentHighlightProvider": true,
            "documentSymbolProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "renameProvider": { "prepareProvider": true },
        },
        "serverInfo": { "name": "roundel", "version": env!("CARGO_PKG_VERSION") },
    })
}

/// The number of an error in the protocol.
pub(super) fn number(code: ErrorCode) -> i32 {
    match code {
        ErrorCode::ParseError => -32_700,
        ErrorCode::InvalidRequest => -32_600,
        ErrorCode::MethodNotFound => -32_601,
        ErrorCode::InvalidParams => -32_602,
        ErrorCode::ServerNotInitialized => -32_002,
        ErrorCode::RequestCanceled => -32_800,
        ErrorCode::ContentModified => -32_801,
        ErrorCode::RequestFailed => -32_803,
        _ => -32_603,
    }
}
