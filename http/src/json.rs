//! Values as JSON, by way of `serde`: the feature `json`.
//!
//! The `Content-Type` of an answer is not looked at: many servers send JSON as text, and what
//! is no JSON is found out anyway.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::request_builder::RequestBuilder;
use crate::response::Response;

impl RequestBuilder {
    /// Sets a value, as JSON, as the body: `application/json`.
    ///
    /// If it cannot be written as JSON, [`send`](Self::send) gives [`Error::Json`].
    ///
    /// ```
    /// use looplet_http::Session;
    /// use looplet_http::runtime::{run, start_server};
    /// use std::collections::BTreeMap;
    ///
    /// run(async {
    ///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
    ///     #     let request = reader.read_until(b"{\"a\":[1,2]}").await;
    ///     #     assert!(request.is_ok());
    ///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n[3,4]");
    ///     # }).await?;
    ///     # let url = format!("http://{}/", server.local_addr());
    ///     let value = BTreeMap::from([("a", [1, 2])]);
    ///     let mut response = Session::new().post(url).json(&value).send().await?;
    ///     let numbers: Vec<i32> = response.json().await?;
    ///     assert_eq!(numbers, [3, 4]);
    ///     Ok::<(), std::io::Error>(())
    /// }).unwrap();
    /// ```
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Self {
        self.change(|request| {
            request.body = serde_json::to_vec(value).map_err(wrong)?.into();
            request.headers.insert("Content-Type", "application/json")
        })
    }
}

impl Response {
    /// Reads the whole body as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Json`] if it is not the JSON of a `T`; otherwise as [`bytes`](Self::bytes).
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let body = self.bytes().await?;
        serde_json::from_slice(&body).map_err(wrong)
    }
}

fn wrong(error: serde_json::Error) -> Error {
    Error::Json {
        cause: error.to_string(),
    }
}
