internal import JSON
internal import PlanModel

extension PlanNode {
  /// The value of `reserved_ports`.
  func reservations() -> [NodeReservation]? {
    // An empty list removes the reservations of `defaults`.
    if case .array(let elements) = value.content, elements.isEmpty { return [] }
    guard let elements = elements() else { return nil }
    let limited = limited(elements, to: PlanLimits.startupReservedPorts, "reservations")
    return limited.compactMap { element -> NodeReservation? in
      guard let keys = ReservationKeys(element), let node = keys.node,
        let range = keys.object.required("range"), let ends = range.elements()
      else { return nil }
      guard ends.count == 2 else {
        range.report("expected the first and the last port, found \(ends.count) elements")
        return nil
      }
      guard let low = ends[0].integer(1...65_535),
        let high = ends[1].integer(1...65_535)
      else {
        return nil
      }
      guard low <= high else {
        range.report("expected the first port not to be above the last, found \(low) and \(high)")
        return nil
      }
      return NodeReservation(node: node, low: low, high: high)
    }
  }
}
