//! Proxies that speak SOCKS, where that is not compiled in.

use super::session_through;
use crate::server::{HELLO, TestServer, on_loop};

#[test]
fn a_socks_proxy_is_refused_by_name_and_not_connected_to() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let session = session_through(&format!("socks5h://{}", server.authority()));
        let refused = session.get("http://a.test/").send().await.unwrap_err();
        let cause = "SOCKS is not compiled in (the feature `socks`)";
        assert_eq!(
            refused.error().to_string(),
            format!("proxy socks5h://{}: {cause}", server.authority())
        );
        assert!(server.is_untouched().await);
    });
}
