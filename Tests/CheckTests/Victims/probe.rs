// Probe-then-bind in Rust.
use std::net::TcpListener;

fn main() {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = probe.local_addr().unwrap().port();
    drop(probe);
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => println!("ok"),
        Err(e) => {
            println!("failed {:?}", e.kind());
            std::process::exit(3)
        }
    }
}
