internal import Glibc
internal import Planning

/// A child that hangs.
struct BrokenHang: BrokenStrategy {
  static let caughtAs = "timeout"
  static let descriptor = broken(
    "broken-hang", "the API server never finishes binding", depths: [.bind])

  init(options: OptionValues) {}

  func allocate(_ launch: Launch) throws(StageFailure) {
    for address in 0..<launch.addresses { launch.decide(try launch.probe(), for: address) }
  }

  func bind(_ binder: Binder) {
    while true { pause() }
  }
}
