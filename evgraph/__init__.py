"""EVGraph: EV charging for attended parking garages."""
