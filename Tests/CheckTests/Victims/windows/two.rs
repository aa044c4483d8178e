// Two windows: the first one's loss is survived with another number, the second one's is not.
use std::io::Result;
use std::net::{SocketAddr, TcpListener};

fn probe() -> Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

fn tolerant() -> Result<TcpListener> {
    let mut last = TcpListener::bind(probe()?);
    for _ in 0..4 {
        if last.is_ok() {
            break;
        }
        last = TcpListener::bind(probe()?);
    }
    last
}

fn main() -> Result<()> {
    let front = tolerant()?;
    let back = TcpListener::bind(probe()?)?;
    println!("both up {}", front.local_addr()? != back.local_addr()?);
    Ok(())
}
