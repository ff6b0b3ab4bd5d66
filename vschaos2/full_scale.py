"""How near full scale sound comes before it is limited, by models and by patches alike."""

# A limiter that passes sound within ±k as it is bends what lies beyond towards ±1 by
#
#     y = k + (1 - k) · tanh((x - k) / (1 - k))
#
# whose slope at k is 1 whatever k is: no knee makes a corner. A low one bends much of a sound, a
# high one turns a corner all but at once: the bend spans 1 - k. 0.8, -1.9 dB, leaves it a fifth.
KNEE = 0.8  # of full scale
