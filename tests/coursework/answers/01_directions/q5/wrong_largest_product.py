G = np.abs(W @ W.T)
np.fill_diagonal(G, 0)
pair = np.unravel_index(G.argmax(), G.shape)
