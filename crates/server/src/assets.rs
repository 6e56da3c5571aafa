//! The page: its files, embedded in the program.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of `web/`.
macro_rules! own {
    ($path:literal, $file:literal, $kind:expr) => {
        Asset {
            path: $path,
            kind: $kind,
            bytes: include_bytes!(concat!("../../../web/", $file)),
        }
    };
}

/// A file that `scripts/fetch-page-parts.sh` fetched.
macro_rules! fetched {
    ($path:literal, $file:literal, $kind:expr) => {
        Asset {
            path: $path,
            kind: $kind,
            bytes: include_bytes!(concat!(env!("RETAIL_PAGE_PARTS"), "/", $file)),
        }
    };
}

const ASSETS: &[Asset] = &[
    own!("/", "index.html", HTML),
    own!("/style.css", "style.css", STYLE),
    own!("/icon.svg", "icon.svg", "image/svg+xml"),
    own!("/app.js", "app.js", SCRIPT),
    own!("/ask.js", "ask.js", SCRIPT),
    own!("/complete.js", "complete.js", SCRIPT),
    own!("/theme-first.js", "theme-first.js", SCRIPT),
    own!("/turn.js", "turn.js", SCRIPT),
    own!("/narrative.js", "narrative.js", SCRIPT),
    own!("/evidence.js", "evidence.js", SCRIPT),
    own!("/table.js", "table.js", SCRIPT),
    own!("/chart.js", "chart.js", SCRIPT),
    own!("/sql.js", "sql.js", SCRIPT),
    own!("/values.js", "values.js", SCRIPT),
    own!("/element.js", "element.js", SCRIPT),
    own!("/theme.js", "theme.js", SCRIPT),
    own!("/parts/vega-util.js", "vega-util.js", SCRIPT),
    fetched!("/parts/vega.js", "vega.js", SCRIPT),
    fetched!("/parts/vega-lite.js", "vega-lite.js", SCRIPT),
    fetched!("/parts/vega-interpreter.js", "vega-interpreter.js", SCRIPT),
    fetched!("/parts/inter.woff2", "inter.woff2", "font/woff2"),
    // Their licences ask to come along.
    fetched!("/parts/vega.js.LICENSE", "vega.js.LICENSE", PLAIN),
    fetched!("/parts/vega-lite.js.LICENSE", "vega-lite.js.LICENSE", PLAIN),
    fetched!(
        "/parts/vega-interpreter.js.LICENSE",
        "vega-interpreter.js.LICENSE",
        PLAIN
    ),
    fetched!("/parts/inter.woff2.LICENSE", "inter.woff2.LICENSE", PLAIN),
];

/// The file at a path of the page, if there is one.
pub(crate) fn at(path: &str) -> Option<Response> {
    let asset = ASSETS.iter().find(|a| a.path == path)?;
    let mut response = asset.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    // Another version of the program may serve the same address tomorrow.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(response)
}
