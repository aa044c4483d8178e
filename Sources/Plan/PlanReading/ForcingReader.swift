internal import ForcedCalls
internal import JSON
internal import PlanModel

/// Reads the object `check` of a strategy.
struct ForcingReader {
  func read(_ node: PlanNode) -> Forcing? {
    let keys = ["steal", "max", "rebind", "min_window_ms", "only", "inject"]
    guard let object = node.object(keys: keys) else { return nil }
    var forcing = Forcing()
    if let steal = object["steal"] { forcing.steal = steal.word(StealMode.self) ?? .lazy }
    if let max = object["max"] { forcing.max = max.integer(PlanLimits.stolenRebinds) ?? 1 }
    forcing.rebind = object["rebind"]?.integer(PlanLimits.rebind)
    if let window = object["min_window_ms"] {
      forcing.minWindowMilliseconds = window.integer(PlanLimits.minWindowMilliseconds) ?? 0
    }
    forcing.only = object["only"].flatMap(text)
    forcing.injections = (object["inject"]?.elements() ?? []).compactMap(injection)
    if forcing.steal == .off {
      for key in ["max", "rebind", "min_window_ms", "only"] {
        object[key]?.report("nothing is stolen with \"steal\": \"off\"")
      }
      if object["inject"] == nil {
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
    let keys = ["call", "errno", "delay_ms", "nth", "ports", "process"]
    guard let object = node.object(keys: keys),
      let call = object.required("call")?.word(InjectedCall.self)
    else { return nil }
    var injection = CallInjection(call)
    injection.error = object["errno"].flatMap(error)
    if let delay = object["delay_ms"]?.integer(PlanLimits.injectionDelayMilliseconds) {
      injection.delay = CallInjection.nanoseconds(milliseconds: delay)
    }
    injection.nth = object["nth"]?.integer(PlanLimits.nthCall)
    if let ports = object["ports"] { injection.ports = range(ports, call) }
    if let process = object["process"] {
      injection.process = text(process)
      if injection.process?.contains(",") == true { process.report("a comma is not allowed here") }
    }
    if object["errno"] == nil && object["delay_ms"] == nil {
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
    guard let first = elements[0].integer(PlanLimits.port),
      let last = elements[1].integer(PlanLimits.port)
    else { return nil }
    guard first <= last else {
      node.report("the first port, \(first), lies above the last, \(last)")
      return nil
    }
    return UInt16(first)...UInt16(last)
  }
}
