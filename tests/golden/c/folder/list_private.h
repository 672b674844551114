int list_private(void);
