typedef short number;
