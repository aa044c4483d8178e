internal import ForcedCalls
internal import JSON
internal import PlanModel

/// Reads the object `check` of a strategy.
struct ForcingReader {
  func read(_ node: PlanNode) -> Forcing? {
    guard let keys = ForcingKeys(node) else { return nil }
    let forcing = Forcing(
      steal: keys.steal, max: keys.max, rebind: keys.rebind,
      minWindowMilliseconds: keys.minWindowMilliseconds, only: keys.only.flatMap(text),
      injections: (keys.inject?.elements() ?? []).compactMap(injection))
    if forcing.steal == .off {
      for key in ["max", "rebind", "min_window_ms", "only"] {
        keys.object[key]?.report("nothing is stolen with \"steal\": \"off\"")
      }
      if keys.inject == nil {
        node.report("nothing is forced: \"steal\" is \"off\", and there is no \"inject\"")
      }
    }
    return forcing
  }

  private func text(_ node: PlanNode) -> String? {
    guard let text = node.string() else { return nil }
    guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value < 32 }) else {
      node.report(
        "expected text of one line, found \(text.isEmpty ? "none" : "a control character")")
      return nil
    }
    return text
  }

  private func injection(_ node: PlanNode) -> CallInjection? {
    guard let keys = InjectionKeys(node), let call = keys.call else { return nil }
    var injection = CallInjection(call)
    injection.error = keys.error.flatMap(error)
    if keys.delayMilliseconds > 0 {
      injection.delay = CallInjection.nanoseconds(milliseconds: keys.delayMilliseconds)
    }
    injection.nth = keys.nth
    if let ports = keys.ports { injection.ports = range(ports, call) }
    if let process = keys.process {
      injection.process = text(process)
      if injection.process?.contains(",") == true { process.report("a comma is not allowed here") }
    }
    if keys.error == nil && keys.object["delay_ms"] == nil {
      node.report("expected \"errno\", \"delay_ms\" or both")
    }
    return injection
  }

  private func error(_ node: PlanNode) -> Int32? {
    guard let name = node.string() else { return nil }
    let number = InjectableError.number(name)
    if number == nil {
      let names = InjectableError.names
      node.report(
        "there is no error \"\(name)\" to inject; there are \(names.joined(separator: ", "))",
        suggestion: Suggestion.closest(to: name, among: names))
    }
    return number
  }

  private func range(_ node: PlanNode, _ call: InjectedCall) -> ClosedRange<UInt16>? {
    guard call.namesPort else {
      node.report("\(call.rawValue) names no port")
      return nil
    }
    guard let elements = node.elements() else { return nil }
    guard elements.count == 2 else {
      node.report("expected the first and the last port")
      return nil
    }
    guard let first = elements[0].integer(0...65_535),
      let last = elements[1].integer(0...65_535)
    else { return nil }
    guard first <= last else {
      node.report("the first port, \(first), lies above the last, \(last)")
      return nil
    }
    return UInt16(first)...UInt16(last)
  }
}
