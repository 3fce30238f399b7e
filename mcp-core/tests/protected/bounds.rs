//! Messages that are being received.

use mcp_core::transport::http::{Admission, Posted, Upload};

use crate::support::{NOW, Said, Web};

fn upload(web: &Web) -> Upload<()> {
    match web.begin(Web::posting("/mcp")) {
        Admission::ReadBody(upload) => upload,
        other => panic!("{other:?}"),
    }
}

/// GHSA of unauthenticated memory use (section L): all bodies together have a bound, and it is
/// given back however an upload ends.
#[test]
fn bodies_share_a_bound() {
    let web = Web::with(|config| config.upload_bytes = 1000);
    let (mut first, mut second) = (upload(&web), upload(&web));
    first.handle_data(vec![b' '; 600].into()).unwrap();
    second.handle_data(vec![b' '; 400].into()).unwrap();
    let full = Said::from(second.handle_data(vec![b' '; 1].into()).unwrap_err());
    assert_eq!((full.status.as_u16(), full.header("retry-after")), (503, "1"));
    assert_eq!(full.json()["error"]["code"], -32600);
    assert!(upload(&web).handle_data(vec![b' '; 1].into()).is_err(), "whoever comes");

    drop(second);
    let mut third = upload(&web);
    third.handle_data(vec![b' '; 400].into()).unwrap();
    assert!(third.handle_data(vec![b' '; 1].into()).is_err());

    let refused = first.handle_end(NOW);
    assert!(matches!(refused, Posted::Refused(_)));
    third.handle_data(vec![b' '; 600].into()).unwrap();
}
