import GlissadeLayers

// What is made of other layers.

extension LayerKinds {
  /// Blocks.
  static let blocks: [LayerKind] = [
    LayerKind(
      name: "residual",
      summary:
        "x + what its layers make of x; of x the shortcut's instead where there is one. drop leaves its layers out for that share of samples "
        + "in training (stochastic depth).",
      numbers: [.share("drop", "the share", usual: 0)], parts: .sequence, partLabel: "shortcut", randomRate: "drop"
    ) { (arguments, place) throws(LayerListError) in
      let body = try place.sequence(arguments.item.parts)
      let output = body.last?.output ?? place.input
      let shortcut = try arguments.part("shortcut").map { item throws(LayerListError) in try place.layer(item) }
      let other = shortcut?.output ?? place.input
      guard output == other else {
        throw place.error(
          "its layers make \(output), and \(shortcut == nil ? "what goes past them is" : "its shortcut makes") \(other); both have to be alike"
            + (shortcut == nil
              ? ", or a shortcut has to make them so, as in shortcut: conv(\(output.rank == 0 ? 1 : output[-1]), kernel: 1)" : ""))
      }
      let drop = arguments.float("drop")
      return Residual(body.map(\.layer) + (drop == 0 ? [] : [StochasticDepth(drop)]), shortcut: shortcut?.layer)
    },
    LayerKind(
      name: "concatenate", summary: "What each of its layers makes of the same input, channel behind channel.", parts: .branches
    ) { (arguments, place) throws(LayerListError) in
      var branches: [any Layer] = []
      for item in arguments.item.parts { branches.append(try place.layer(item).layer) }
      return Concatenate(branches)
    },
    LayerKind(name: "sequence", summary: "Layers one after another, as a branch of 'concatenate'.", parts: .sequence) {
      (arguments, place) throws(LayerListError) in
      Sequential(try place.sequence(arguments.item.parts).map(\.layer))
    },
    LayerKind(
      name: "squeeze_excitation",
      summary:
        "Weighs channels by what two small layers make of their means; the first leaves a share of them. Both begin with PyTorch's weights.",
      numbers: [.count("share", "which share, 8 for an eighth", usual: 8)]
    ) { (arguments, place) throws(LayerListError) in
      try place.require([3], "pictures, [height, width, channels]")
      return SqueezeExcitation(place.channels, squeezed: max(place.channels / arguments.count("share"), 1))
    },
  ]
}
