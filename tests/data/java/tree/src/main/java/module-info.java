module shop {
	exports shop;
}
