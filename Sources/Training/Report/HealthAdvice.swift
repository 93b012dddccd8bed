/// What the monitor's figures lead to.
extension RunRecord {
  /// What was found last: in the epoch at hand, or in the last one that was measured.
  private var health: EpochHealth? { monitored.health ?? epochs.last { $0.health != nil }?.health }

  /// More than half of a layer's units gave nothing, for any sample.
  var ofDeadUnits: String? {
    let layers = (health?.layers ?? []).filter { $0.dead > 0.5 }
    guard let worst = layers.max(by: { $0.dead < $1.dead }) else { return nil }
    let others = layers.count > 1 ? ", and more than half of those of \(layers.count - 1) other layer\(layers.count == 2 ? "" : "s")" : ""
    return
      "Dead units: \(percent(worst.dead)) of the units of \(worst.layer) gave 0 for a whole batch\(others); they learn nothing any more. The "
      + "rate was too large: a lower --lr or a warm-up keeps units alive, and so does --activation leaky_relu."
  }

  /// The first layers' gradients are nothing beside the last one's.
  var ofVanishingGradients: String? {
    let trained = (health?.layers ?? []).filter { $0.trained > 0 && $0.gradientSize.isFinite }
    guard trained.count > 1, let last = trained.last, last.gradientSize > 0,
      let least = trained.dropLast().min(by: { $0.gradientSize < $1.gradientSize }), least.gradientSize < 1e-4 * last.gradientSize
    else { return nil }
    let saturated = (health?.layers ?? []).filter { $0.saturated > 0.5 }.map(\.layer)
    let cause = saturated.first.map { " More than half of what \($0) gives is saturated." } ?? ""
    let ratio = least.gradientSize / last.gradientSize
    return "Vanishing gradients: those of \(least.layer) are \(least.gradientSize > 0 ? "\(figure(ratio)) of" : "nothing beside") those of "
      + "\(last.layer), so the first layers hardly learn.\(cause) --activation relu, --initialization he_normal, batch norm and residual "
      + "connections (as of the resnet models) let gradients through."
  }

  /// Gradients have grown a thousandfold.
  var ofExplodingGradients: String? {
    guard !monitored.isClipped, let first = monitored.firstGradientNorm, first > 0, let health, health.largestGradientNorm > 1000 * first
    else { return nil }
    return
      "Exploding gradients: their norm grew from \(figure(first)) to \(figure(health.largestGradientNorm)). --clip-norm 1 cuts such steps "
      + "short, and a lower --lr keeps them from coming."
  }

  var ofOvershooting: String? {
    guard divergence == nil, let period = monitored.lossPeriod else { return nil }
    return
      "Overshooting: the loss rises and falls with a period of about \(figure(period.rounded())) steps, as it does where momentum carries "
      + "steps beyond the minimum. A lower --momentum (0.9 instead of 0.99) or a lower --lr ends that."
  }

  /// The last layer stays where it is, and the loss with it.
  var ofIdleHead: String? {
    guard divergence == nil, epochs.count >= 2, let first = epochs.first, let last = epochs.last, last.trainLoss > first.trainLoss * 0.98,
      let head = health?.head, epochs.allSatisfy({ !(($0.health?.head?.updateRatio ?? 0) > 1e-4) })
    else { return nil }
    return
      "The head does not learn: a step changes the weights of \(head.layer) by \(figure(head.updateRatio)) of their size, where 0.001 is usual, "
      + "and the loss does not fall (\(figure(first.trainLoss)) to \(figure(last.trainLoss))). A larger --lr lets it."
  }

  private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
